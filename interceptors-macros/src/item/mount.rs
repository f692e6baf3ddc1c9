use syn::Item;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Server,
    Client,
}

/// What the attribute was put on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mount {
    /// `impl UserService for Users { … }`
    Service,
    /// `impl Users { pub async fn login(&self, request: Request<…>) … }`
    Stub,
    /// `pub mod user_service_client { … }`
    ClientModule,
    /// `struct Outbound { … }`
    Channel,
}

impl Mount {
    pub(crate) fn of(item: &Item) -> Self {
        match item {
            Item::Impl(block) if block.trait_.is_none() => Self::Stub,
            Item::Mod(_) => Self::ClientModule,
            Item::Struct(_) => Self::Channel,
            _ => Self::Service,
        }
    }

    pub(crate) fn side(self) -> Side {
        match self {
            Self::Service => Side::Server,
            Self::Stub | Self::ClientModule | Self::Channel => Side::Client,
        }
    }
}
