::core::compile_error! {
    "[I0201] unknown interceptor `loging`; did you mean `logging`?"
}
::core::compile_error! {
    "[I0401] `max` must be a whole number; write `max = 3`"
}
#[tonic::async_trait]
impl UserService for Users {
    async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> {
        todo!()
    }
}
