use std::sync::{Arc, Mutex};

use interceptors::{Call, Interceptor, Next};
use tonic::{Response, Status};

/// What interceptors and handlers did, in order. A clone is the same list.
#[derive(Debug, Clone, Default)]
pub struct Steps(Arc<Mutex<Vec<String>>>);

impl Steps {
    /// Adds a step.
    pub fn add(&self, step: impl Into<String>) {
        self.0.lock().unwrap().push(step.into());
    }

    /// The steps since the last time, separated by spaces.
    pub fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap()).join(" ")
    }

    /// An interceptor that adds `>name` on the way in and `<name` on the way out.
    pub fn recorder(&self, name: &'static str) -> Recorder {
        Recorder {
            name,
            steps: self.clone(),
        }
    }
}

/// See [`Steps::recorder`].
#[derive(Debug)]
pub struct Recorder {
    name: &'static str,
    steps: Steps,
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Recorder {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        self.steps.add(format!(">{}", self.name));
        let result = next.run(call).await;
        self.steps.add(format!("<{}", self.name));
        result
    }
}
