//! Wrong attributes beside the cases of `tests/ui`: what people write who know other libraries.

use std::fs;
use std::path::Path;

const SERVICE: &str = "impl UserService for Users {
    async fn login(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }
    async fn get_user(&self, request: Request<Id>) -> Result<Response<User>, Status> { todo!() }
    async fn list_users(&self, request: Request<Id>) -> Result<Response<Self::ListUsersStream>, Status> { todo!() }
}";

/// Whether an error contains all words, ignoring case. For `a|b`, one of the two is enough.
fn holds(error: &str, words: &str) -> bool {
    let error = error.to_lowercase();
    let words = words.to_lowercase();
    let mut all = words.split(',').filter(|word| !word.is_empty());
    all.all(|word| word.split('|').any(|word| error.contains(word)))
}

/// Each attribute gives one error with the words of the fix. Some are errors that only the compiler finds.
#[test]
fn each_neighbour_case_gives_one_error_with_a_fix() {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/ui/wrong/neighbours.tsv");
    let table = fs::read_to_string(table).unwrap();
    let (mut found, mut failures) = (0, Vec::new());
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [name, place, attribute, words] = cells[..] else {
            panic!("not four cells: {line}");
        };
        let item = match place {
            "svc" => SERVICE,
            "hand_written" => "impl UserClient { … }",
            "client" => "mod user_service_client { … }",
            "chain" => "struct Outbound { tokens: TokenCache }",
            // The other cases are attributes on methods, or whole files.
            _ => continue,
        };
        let errors = super::codes::errors(&format!("#[intercept({attribute})]\n{item}"));
        match &errors[..] {
            [] => {}
            [error] if holds(error, words) => found += 1,
            _ => failures.push(format!("{name}: {attribute}: {words}: {errors:#?}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(found >= 270, "the attribute finds {found}");
}
