// Cause: On the struct of a server, `verifier` names a field whose type does not implement `Verifier`.
// Cure: Name a field that does, or write `impl Verifier for …` for the type of this one.

use interceptors::intercept;

#[intercept(server, auth(verifier = self.token))]
struct Inbound {
    token: String,
}

fn main() {}
