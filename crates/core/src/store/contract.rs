//! The contract of the port: what every store passes. [`store_contract!`](crate::store_contract) makes one test of each sentence.
//!
//! ```ignore
//! campanile_core::store_contract!({
//!     let folder = tempfile::tempdir().unwrap();
//!     let store = MyStore::open(folder.path()).unwrap();
//!     (std::sync::Arc::new(store), folder)
//! });
//! ```

#![expect(clippy::unwrap_used, clippy::panic, reason = "assertions of a test suite: a failure is a failed test")]

mod kit;
pub mod marks;
pub mod random;
pub mod reads;
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
