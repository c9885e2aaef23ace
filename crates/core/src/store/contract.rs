//! The contract of the port: what every store passes. [`store_contract!`](crate::store_contract) makes one test of each sentence.
//!
//! ```text
//! campanile_core::store_contract!({
//!     let folder = tempfile::tempdir().unwrap();
//!     let store = MyStore::open(folder.path()).unwrap();
//!     (std::sync::Arc::new(store), folder)
//! });
//! ```

#![expect(clippy::unwrap_used, clippy::panic, reason = "assertions of a test suite: a failure is a failed test")]

pub mod audiences;
pub mod keys;
mod kit;
pub mod marks;
mod model;
pub mod random;
pub mod reads;
pub mod records;
pub mod removals;
pub mod sweeps;
pub mod writes;

/// Makes a `#[tokio::test]` of every sentence of the contract. The expression makes an empty store: a pair of an `Arc` of it and whatever
/// must live as long. It is evaluated once per test, within a multi-threaded runtime.
#[macro_export]
macro_rules! store_contract {
    ($make:expr) => {
        $crate::store_contract! { @tests $make;
            writes: a_log_begins_with_its_first_open_and_keeps_its_epoch,
            writes: every_log_has_an_epoch_of_its_own,
            writes: seqs_are_dense_from_one_on,
            writes: a_publish_reaches_everybody_and_answers_in_their_order,
            writes: a_publish_to_nobody_is_stored,
            writes: a_write_that_breaks_the_words_fails_alone_and_leaves_nothing,
            writes: answers_come_once_in_commit_order,
            writes: an_answered_write_can_be_read,
            writes: tenants_never_meet,
            writes: names_are_taken_as_they_are,
            writes: after_the_close_everything_is_unavailable,
            writes: what_is_under_way_is_answered_before_the_close,
            marks: reading_implies_seeing_and_unread_again_stays_seen,
            marks: a_mark_that_changes_nothing_makes_no_entry,
            marks: a_mark_keeps_the_first_time,
            marks: unknown_and_foreign_ids_are_not_found,
            marks: one_mark_is_one_entry_of_those_that_changed,
            marks: archived_ones_are_not_counted_until_they_are_taken_back,
            marks: single_ones_are_seen_for_good,
            marks: a_mark_may_say_several_things_and_removal_wins,
            marks: what_is_removed_is_replayed_as_gone,
            marks: reading_up_to_a_place_skips_what_is_archived,
            marks: reading_up_to_a_place_finds_what_was_made_unread_again,
            marks: seeing_up_to_a_place_covers_what_is_archived,
            marks: up_to_covers_its_place_and_nothing_newer,
            marks: up_to_above_the_head_is_the_head,
            reads: users_without_a_log_have_nothing,
            reads: a_log_is_read_in_pages_without_holes,
            reads: a_page_of_the_log_ends_after_the_entry_that_exceeds_the_bytes,
            reads: several_logs_are_read_as_each_of_them_is,
            reads: several_logs_are_read_up_to_the_bytes_of_all_and_never_to_nothing,
            reads: positions_at_or_after_the_head_have_nothing_after_them,
            reads: an_inbox_is_paged_newest_first_and_more_is_exact,
            reads: paging_is_stable_while_new_ones_arrive,
            reads: an_inbox_is_filtered_by_state_type_and_severity,
            reads: an_item_is_what_was_published,
            sweeps: what_is_too_old_leaves_the_inbox_by_entries_of_the_log,
            sweeps: a_sweep_is_bounded_and_says_whether_there_is_more,
            sweeps: a_removal_has_at_most_a_hundred_ids,
            sweeps: a_log_is_trimmed_to_its_newest_entries,
            sweeps: a_log_is_trimmed_by_age_from_its_oldest_entry_on,
            sweeps: arrivals_stay_in_the_inbox_after_they_left_the_log,
            sweeps: a_log_goes_on_after_it_was_trimmed_to_nothing,
            sweeps: what_nobody_received_is_forgotten_in_time,
            audiences: a_topic_reaches_its_members_of_that_moment,
            audiences: everyone_is_who_has_a_log,
            audiences: more_than_allowed_store_nothing,
            audiences: joining_and_leaving_again_change_nothing,
            audiences: topics_of_tenants_never_meet,
            audiences: members_are_paged_by_the_bytes_of_their_names,
            keys: a_repeated_publish_answers_what_the_first_one_did,
            keys: another_body_under_a_key_is_a_conflict,
            keys: keys_of_tenants_and_credentials_never_meet,
            keys: refusals_are_not_remembered,
            keys: a_key_is_forgotten_in_time,
            keys: of_many_at_once_under_one_key_one_is_stored,
            records: a_record_counts_recipients_and_readers,
            records: a_record_ends_when_it_is_too_old_for_an_inbox,
            records: recipients_are_listed_with_their_states,
            records: recipients_are_paged_by_the_bytes_of_their_names,
            records: records_of_tenants_never_meet,
            removals: a_withdrawal_takes_it_out_of_every_inbox,
            removals: a_second_withdrawal_changes_nothing,
            removals: a_withdrawal_reaches_ten_thousand_inboxes,
            removals: an_erased_user_begins_anew,
            removals: no_two_lives_of_a_log_share_anything,
            removals: memberships_are_erased_with_the_user_alone,
            removals: revocations_are_kept_and_the_latest_moment_counts,
            random: random_histories_agree_with_a_plain_model,
        }
    };
    (@tests $make:expr; $($room:ident: $sentence:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $sentence() {
                let (store, _guard) = $make;
                $crate::store::contract::$room::$sentence(store).await;
            }
        )*
    };
}
