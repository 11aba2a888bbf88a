//! What every `Store` must do, whichever database it stands on, and what is special to SQLite.
//!
//! A case is a function over `dyn Store`; `conformance!` makes it a test of one database. A new database gives the macro
//! a function that opens a fresh store, and runs the same cases.
//!
//! Invariant: a case speaks to `dyn Store` only, so that every store is held to the same.

/// Makes a test of each case for the database that `$open` opens fresh (`async fn() -> bench::Fresh`).
macro_rules! conformance {
    ($open:path) => {
        conformance! { $open;
            inbox {
                a_repeat_is_told_and_stored_once
                the_same_fact_of_two_subjects_is_two_rows
                bodies_and_order_are_kept
                concurrent_ingests_agree_who_was_first
                a_refused_batch_leaves_nothing_and_the_others_go_on
                a_fact_is_followed_to_its_end
                unrouted_rows_wait_for_their_route
                an_unrouted_row_older_than_the_step_is_decided_later
                a_row_that_comes_after_its_route_needs_no_second_step
                a_route_may_change_its_subject
                deliveries_wake_those_who_wait
            }
            steps {
                a_clean_store_has_nothing_to_decide
                the_subject_that_waits_longest_goes_first
                a_flood_is_taken_in_parts_and_lets_others_between
                everything_a_step_says_is_written
                a_log_is_read_in_pages
                a_later_step_replaces_the_phases
                a_gap_in_the_log_is_refused_whole
                a_wrong_version_is_a_conflict
                rows_of_another_workflow_are_refused
                a_decision_that_panics_stops_nobody
                a_failing_subject_lets_others_pass_while_the_clock_stands_still
                a_new_round_is_a_workflow_of_its_own
                steps_from_many_tasks_lose_nothing
                workflows_are_listed_by_what_is_asked
                a_renamed_repository_is_found_by_both_names
            }
            effects {
                what_is_due_is_claimed_oldest_first
                each_effect_is_claimed_once
                a_lane_runs_one_at_a_time
                an_undecided_subject_has_to_be_decided_first
                a_lost_lease_is_taken_by_another
                whoever_lost_the_lane_cannot_renew
                a_renewed_lease_is_kept
                an_effect_is_finished_once
                a_withdrawn_effect_is_never_begun
                what_was_withdrawn_while_it_ran_is_finished
                what_was_withdrawn_while_it_ran_comes_back_to_be_looked_at
                only_real_attempts_count
                a_known_key_is_left_alone
                one_installation_does_not_crowd_out_the_others
                a_claim_names_the_newest_row_it_has_seen
                next_due_counts_what_can_be_done
                finishing_wakes_those_who_wait_but_idling_does_not
            }
            ledger {
                a_call_is_reserved_at_its_worst_and_booked_at_its_price
                the_cap_holds_before_the_call
                concurrent_reservations_never_pass_the_cap
                a_lost_reservation_is_spent_at_its_worst
                a_lost_call_that_answers_after_all_is_booked_at_its_price
                reserving_and_settling_can_be_repeated
                an_unknown_call_cannot_be_settled
                an_answer_is_kept_under_its_key
            }
            pacer {
                mutations_are_spaced
                a_minute_and_an_hour_have_their_limits
                a_block_holds_and_is_never_shortened
                installations_do_not_wait_for_each_other
                a_clock_that_is_set_back_does_not_hold_the_line
                concurrent_callers_share_one_line
            }
            directory {
                what_is_not_listed_is_not_served
                a_suspended_installation_is_not_served
                a_repository_keeps_what_is_known_of_it
                blobs_are_stored_once
                the_store_answers_when_asked_how_it_is
            }
        }
    };
    ($open:path; $($module:ident { $($case:ident)+ })+) => {
        $(mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let fresh = $open().await;
                crate::store::$module::$case(&fresh.store).await;
            })+
        })+
    };
}

mod bench;
mod directory;
mod effects;
mod inbox;
mod ledger;
mod pacer;
mod sqlite;
mod steps;
