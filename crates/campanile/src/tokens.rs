//! What was given of tokens: the keys they are checked with, and what they must say.

use crate::BuildError;
use campanile_core::OptionFaults;
use campanile_http::{Algorithm, Jwt, JwtOptions, KeySource};

#[derive(Default)]
pub(crate) struct Tokens {
    pub(crate) secret: Option<Vec<u8>>,
    pub(crate) keys: Vec<KeySource>,
    /// `None`: those that there are keys for.
    pub(crate) algorithms: Option<Vec<Algorithm>>,
    pub(crate) options: Option<JwtOptions>,
}

impl Tokens {
    /// Whether there is any key for them.
    pub(crate) fn are_taken(&self) -> bool {
        self.secret.is_some() || !self.keys.is_empty()
    }

    pub(crate) fn verifier(self) -> Result<Jwt, BuildError> {
        let mut jwt = Jwt::new(self.options.unwrap_or_default()).with_algorithms(self.algorithms.unwrap_or_default());
        if let Some(secret) = &self.secret {
            jwt = jwt.with_secret(secret).map_err(|_| BuildError::ShortSecret)?;
        }
        Ok(self.keys.into_iter().fold(jwt, Jwt::with_keys))
    }

    /// Notes what contradicts, or has no effect.
    pub(crate) fn check(&self, faults: &mut OptionFaults) {
        if self.options.as_ref().is_some_and(|options| options.user_claims.is_empty()) {
            faults.add("jwt_options.user_claims", "must name a claim");
        }
        if !self.are_taken() {
            for (option, given) in [("algorithms", self.algorithms.is_some()), ("jwt_options", self.options.is_some())]
            {
                given.then(|| faults.add(option, "has no effect without .jwt_secret(…) or .public_keys(…)"));
            }
        } else if let Some(listed) = &self.algorithms {
            self.check_algorithms(listed, faults);
        }
    }

    /// What is listed needs a key, and a key needs to be listed.
    fn check_algorithms(&self, listed: &[Algorithm], faults: &mut OptionFaults) {
        if listed.is_empty() {
            return faults.add("algorithms", "must name one");
        }
        for algorithm in listed {
            let (has_key, option) = match algorithm.is_by_public_key() {
                true => (!self.keys.is_empty(), "public_keys"),
                false => (self.secret.is_some(), "jwt_secret"),
            };
            if !has_key {
                faults.add("algorithms", format!("lists {algorithm}, which needs .{option}(…)"));
            }
        }
        if self.secret.is_some() && !listed.contains(&Algorithm::Hs256) {
            faults.add("jwt_secret", "has no effect: .algorithms(…) does not list HS256");
        }
        if !self.keys.is_empty() && !listed.iter().any(|algorithm| algorithm.is_by_public_key()) {
            return faults.add("public_keys", "has no effect: .algorithms(…) lists none of RS256, ES256 and EdDSA");
        }
        // Those of a URL are not known yet.
        for known in self.keys.iter().filter_map(KeySource::algorithms) {
            if !known.iter().any(|algorithm| listed.contains(algorithm)) {
                let names: Vec<_> = known.iter().map(|algorithm| algorithm.as_str()).collect();
                let why = format!("has keys for {} only, which .algorithms(…) does not list", names.join(" and "));
                faults.add("public_keys", why);
            }
        }
    }
}
