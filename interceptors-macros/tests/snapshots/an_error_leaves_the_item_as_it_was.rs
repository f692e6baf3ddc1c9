::core::compile_error! {
    "unknown interceptor `loging`; did you mean `logging`?"
}
::core::compile_error! {
    "`max` must be a whole number; write `max = 3`"
}
#[tonic::async_trait]
impl UserService for Users {
    async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> {
        todo!()
    }
}
