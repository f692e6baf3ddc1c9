use interceptors::intercept;

struct Tokens;

#[intercept(auth(token = self.tokens))]
struct Outbound {
    tokens: Tokens,
}

#[intercept(auth)]
struct Missing;

fn main() {}
