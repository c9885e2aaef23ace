//! The characters that a name may hold, against another implementation of the Unicode tables: that of the regular expressions.

use campanile_sse::{EventName, EventNameError, Forbidden};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn format_characters_are_refused_where_they_stand(before in "[a-zä€😀]{0,3}", char in "\\p{Cf}", after in "[a-z]{0,3}") {
        let error = EventName::parse(&format!("{before}{char}{after}")).unwrap_err();
        prop_assert_eq!(error, EventNameError::Forbidden { at: before.len(), why: Forbidden::Format });
    }

    #[test]
    fn all_but_format_control_and_separator_characters_are_taken(name in "[^\\p{Cf}\\p{Cc}\\p{Zl}\\p{Zp}]{1,30}") {
        let parsed = EventName::parse(&name).unwrap();
        prop_assert_eq!(parsed.as_str(), &name);
    }

    #[test]
    fn control_and_separator_characters_are_refused(char in "[\\p{Cc}\\p{Zl}\\p{Zp}]") {
        prop_assert!(EventName::parse(&char).is_err());
    }
}
