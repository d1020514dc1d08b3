"""The tests that do not apply to PostgreSQL, each with the reason. With `--database postgres`, they are skipped."""

from __future__ import annotations

_FILES = "There is no file that could be missing, moved, damaged or opened by others."
_COPIES = "pg_dump and pg_restore take the place of the commands."
_PLANS = "It reads the plan that SQLite makes of a statement."
_LOCKS = "There is no lock of the whole database; see tests/store/postgres/test_loss.py for locked tables."
_ROOM = "The disk is the server's, and cannot be seen from here."
_EPOCH = "It is about the file beside an SQLite file; see tests/store/postgres/test_epoch.py."
_COMMANDS = "It is about files; see tests/store/postgres/test_commands.py."
_EARLIER = "No version before this one used PostgreSQL."

SQLITE_ONLY = {
    "tests/store/test_backup.py": _COPIES,
    "tests/store/test_restore.py": _COPIES,
    "tests/store/test_locked.py": _LOCKS,
    "tests/store/test_migrations.py": "It is about files; see tests/store/postgres/test_migrating.py.",
    "tests/store/test_beside.py::test_a_file_that_is_not_there_does_not_come_into_being": _FILES,
    "tests/store/test_beside.py::test_what_is_no_database_of_ours_is_left_as_it_is": _FILES,
    "tests/store/test_beside.py::test_a_database_of_another_version_is_refused": (
        "The sentence is another one; see tests/store/postgres/test_migrating.py."
    ),
    "tests/store/test_accounts.py::test_an_index_finds_users": _PLANS,
    "tests/store/test_contests.py::test_an_index_finds_the_entries_of_a_contest": _PLANS,
    "tests/store/test_contests.py::test_participants_are_counted_from_an_index_alone": _PLANS,
    "tests/store/test_notifications.py::test_what_is_unread_of_some_is_found_without_looking_at_that_of_all": _PLANS,
    "tests/store/test_event_archive.py::test_a_page_is_found_by_its_ids": _PLANS,
    "tests/store/test_event_archive.py::test_between_two_pages_the_log_can_be_emptied": (
        "The write-ahead log of PostgreSQL does not wait for readers."
    ),
    "tests/store/test_event_archive.py::test_where_there_is_no_database_none_is_made": _FILES,
    "tests/store/test_event_archive.py::test_a_database_of_before_there_were_events_says_what_to_do": _FILES,
    "tests/store/test_event_archive.py::test_a_file_that_is_no_database_is_named": _FILES,
    "tests/store/test_event_archive.py::test_a_damaged_file_is_named_as_such": _FILES,
    "tests/store/test_database.py::test_the_writer_is_durable_and_checks_references": "It reads settings of SQLite.",
    "tests/store/test_database.py::test_readers_are_set_up_alike_and_cannot_write": "It reads settings of SQLite.",
    "tests/store/test_faults.py::test_while_another_process_holds_the_write_lock_writes_are_refused_and_reads_go_on": (
        _LOCKS
    ),
    "tests/store/test_faults.py::test_a_lock_that_is_given_back_in_time_is_waited_for": _LOCKS,
    "tests/store/test_faults.py::test_the_folder_may_go_and_come_back_too": _FILES,
    "tests/store/test_faults.py::test_another_file_in_its_place_is_not_taken_for_it": _FILES,
    "tests/store/test_faults.py::test_a_disk_that_is_full_refuses_and_once_there_is_room_again_it_goes_on": _FILES,
    "tests/store/test_groups.py::test_a_work_that_catches_a_refused_statement_goes_on": (
        "In PostgreSQL, a refused statement ends the work of its savepoint."
    ),
    "tests/store/test_epoch.py::test_a_server_that_was_killed_between_both_writes_keeps_the_epoch": _EPOCH,
    "tests/store/test_epoch.py::test_without_the_file_beside_it_or_with_a_broken_one_the_epoch_is_new": _EPOCH,
    "tests/store/test_epoch.py::test_a_copy_in_another_folder_has_a_new_epoch_even_with_its_file": _EPOCH,
    "tests/store/test_epoch.py::test_an_older_copy_that_is_written_into_the_file_has_a_new_epoch": _EPOCH,
    "tests/store/test_epoch.py::test_a_copy_of_the_same_start_that_is_written_into_the_file_has_a_new_epoch": _EPOCH,
    "tests/store/test_epoch.py::test_a_restored_backup_has_a_new_epoch": _EPOCH,
    "tests/store/test_epoch.py::test_there_must_be_a_database_of_this_version": _EPOCH,
    "tests/store/test_unknown_commit.py::test_a_write_whose_commit_certainly_failed_is_refused_without_looking": (
        "It makes an error of SQLite; see tests/store/postgres/test_loss.py."
    ),
    "tests/domain/market/test_posting_locked.py": (
        "PostgreSQL itself ends the wait for a lock, by its own clock; see tests/store/postgres/test_loss.py."
    ),
    "tests/cli/test_achievements.py::test_a_database_that_is_not_there_is_not_made": _FILES,
    "tests/cli/test_backup.py": _COPIES,
    "tests/cli/test_check_config.py": _COMMANDS,
    "tests/cli/test_migrate.py": _COMMANDS,
    "tests/cli/events/test_export.py::test_without_a_database_nothing_is_written": _FILES,
    "tests/e2e/test_earlier_keys.py": _EARLIER,
    "tests/e2e/test_shared_places.py": _FILES,
    "tests/e2e/test_locked_store.py": _LOCKS,
    "tests/e2e/test_starting.py::test_what_is_overdue_waits_for_a_database_that_takes_it": _LOCKS,
    "tests/e2e/test_lookalike_nicknames.py::test_names_from_before_are_kept_and_protected_though_they_look_alike": (
        _EARLIER
    ),
    "tests/e2e/people/test_analytics_full_disk.py": _FILES,
    "tests/e2e/people/test_analytics_quota.py::test_little_room_is_told_and_keeps_events_out_until_there_is_more": (
        _ROOM
    ),
    "tests/e2e/people/test_analytics_quota.py::test_metrics_tell_what_the_database_takes_and_what_is_left": _ROOM,
    "tests/e2e/people/test_backup.py": _COPIES,
    "tests/e2e/test_openapi_examples.py::test_a_server_accepts_every_example_and_answers_in_the_form_of_the_examples": (
        "The example of a node is that of a single process with SQLite, which has no term."
    ),
}
"""By the beginning of their node ids."""
