//! After: the same news, but kept in the user's inbox. A stream that comes back says where it was, and gets the rest.

use crate::{Shipped, forwarded_user};
use axum::http::request::Parts;
use campanile::{AuthError, Campanile, Identity, NotificationType, Sqlite, UserId};
use std::error::Error;

impl NotificationType for Shipped {
    type Data = Self;
    const NAME: &'static str = "orders.shipped";

    fn data(&self) -> &Self {
        self
    }

    fn title(&self) -> Option<String> {
        Some(format!("Order {} is on its way", self.order))
    }
}

pub async fn campanile() -> Result<Campanile, Box<dyn Error>> {
    let store = Sqlite::open("migrate.db")?;
    Ok(Campanile::builder().store(store).authenticate(forwarded).build().await?)
}

async fn forwarded(parts: &Parts) -> Result<Identity, AuthError> {
    let user = forwarded_user(&parts.headers).ok_or(AuthError::Missing)?;
    Ok(Identity::of(UserId::new(user)?))
}
