"""The end-to-end tests that do not apply to several nodes, each with the reason. With `--nodes three`, they are skipped
beside those that apply to SQLite only."""

from __future__ import annotations

_GATEWAY = "It looks into the gateway or counts the sockets of the only node."
_ADDRESSES = "Limits per address and of the server are those of each node; see tests/cluster/test_limits.py."
_WALLETS = "Limits per wallet hold over all nodes once these have reported; see tests/cluster/test_limits.py."
_NODES = "Each node is one more of the services; see tests/cluster/test_members.py."
_READY = "Each node answers for itself, and only the leader has feeds and a database; see tests/cluster/test_http.py."
_BUS = "A leader does not lose its bus without its process; see tests/cluster/test_takeover.py."
_ALONE = "It is about a process that serves alone."
_REPORTED = "The leader counts connections and users as gateways report them; see tests/cluster/test_members.py."
_METRICS = "Metrics are those of each node."
_NEWEST = "A gateway that applies several prices of a symbol at once pushes the newest one."
_LOGGED = "Each node limits its own lines in the log."

_ALL = ""
_REASONS = {
    "operations/test_conversations.py": {
        _ALL: _NODES,
    },
    "operations/test_nodes.py": {
        _ALL: _ALONE,
    },
    "operations/test_skyduel.py": {
        "test_the_parts_of_the_server_say_what_may_be_done_with_them": _NODES,
    },
    "people/test_analytics_conversation.py": {
        _ALL: _REPORTED,
    },
    "people/test_analytics_watching.py": {
        "test_everybody_is_welcome_and_admins_are_told_what_the_server_does": _REPORTED,
        "test_a_user_is_one_over_all_connections_and_endpoints": _REPORTED,
        "test_the_zone_named_last_counts_for_as_long_as_its_connection_is_open": _REPORTED,
        "test_a_user_is_active_for_five_minutes_after_a_message_also_a_refused_one": _REPORTED,
        "test_a_connection_that_is_being_closed_is_none_any_more": _REPORTED,
        "test_the_latest_are_first_and_the_count_is_exact": _REPORTED,
        "test_the_dashboard_begins_with_how_things_are_and_is_repeated_every_five_seconds": _REPORTED,
        "test_who_comes_goes_and_moves_is_told_at_most_once_a_second": _REPORTED,
        "test_a_new_role_is_told": _REPORTED,
        "test_the_stats_have_all_that_the_contract_says": _REPORTED,
        "test_all_frames_count_replies_and_pushes": _REPORTED,
        "test_metrics_of_prometheus_and_the_endpoint_agree": _METRICS,
    },
    "settings/test_unknown_names.py": {
        _ALL: _WALLETS,
    },
    "test_bounded_reading.py": {
        "test_it_is_the_address_that_holds_most_that_loses_a_connection": _GATEWAY,
        "test_of_a_client_that_is_refused_16_kib_are_read": _ADDRESSES,
    },
    "test_connecting.py": {
        "test_a_socket_has_the_configured_send_buffer": _GATEWAY,
        "test_over_the_limit_of_the_server_a_client_is_told_and_closed_with_1013": _ADDRESSES,
        "test_over_the_limit_of_an_address_only_that_address_is_refused": _ADDRESSES,
        "test_an_ipv6_address_counts_as_its_64": _ADDRESSES,
        "test_over_the_limit_of_a_wallet_only_that_wallet_is_refused": _WALLETS,
        "test_what_is_refused_behind_a_first_auth_carries_its_request_id": _WALLETS,
        "test_signing_in_over_the_limit_of_a_wallet_is_refused_and_changes_nothing": _WALLETS,
        "test_server_and_address_are_checked_before_the_token": _ADDRESSES,
        "test_a_stopping_server_refuses_upgrades": _GATEWAY,
    },
    "test_costs.py": {
        "test_connecting_without_a_token_takes_from_the_bucket_of_the_address": _ADDRESSES,
        "test_a_refused_connection_is_told_when_to_come_back_and_closed": _ADDRESSES,
        "test_what_a_connection_is_greeted_with_counts_like_the_answer_to_a_command": _ADDRESSES,
        "test_with_a_token_it_is_the_bucket_of_the_wallet_that_pays": _WALLETS,
        "test_the_list_of_all_tokens_counts_by_its_tokens": _GATEWAY,
    },
    "test_crowded_limits.py": {
        _ALL: "Each node has room for the bucket of one wallet.",
    },
    "test_documented_venues.py": {
        "test_a_refused_pair_and_one_that_never_came_are_named_to_operators": _READY,
    },
    "test_floods.py": {
        "test_a_defect_in_one_timer_leaves_the_others_running": _GATEWAY,
        "test_connections_that_ended_hold_no_memory_until_their_timers": _GATEWAY,
        "test_no_pong_is_sent_behind_a_close": _GATEWAY,
        "test_what_was_published_before_a_drain_reaches_its_followers": _GATEWAY,
    },
    "test_golden_frames.py": {
        "test_common_errors": _WALLETS,
    },
    "test_limits.py": {
        "test_a_wallet_has_one_bucket_over_all_its_connections_to_the_endpoint": _WALLETS,
        "test_reconnecting_does_not_refill_the_bucket_of_a_wallet": _WALLETS,
        "test_anonymous_clients_of_one_address_share_ten_times_the_limit": _ADDRESSES,
        "test_an_ipv6_address_shares_the_bucket_of_its_64": _ADDRESSES,
        "test_a_stopping_server_sends_its_clients_away_with_1012_and_a_delay": _GATEWAY,
    },
    "test_log_floods.py": {
        "test_requests_that_cannot_be_read_are_sampled": _LOGGED,
    },
    "test_long_answers.py": {
        "test_the_snapshot_of_a_group_may_be_larger_and_is_handed_to_the_socket_as_that_drains": _GATEWAY,
    },
    "test_lost_bus.py": {
        _ALL: _BUS,
    },
    "test_memory.py": {
        _ALL: _GATEWAY,
    },
    "test_metrics.py": {
        "test_the_page_does_not_tell_admins_from_others": _METRICS,
    },
    "test_openapi_examples.py": {
        _ALL: _ALONE,
    },
    "test_recorded_exchange.py": {
        "test_a_client_gets_the_prices_and_volumes_of_a_venue": _NEWEST,
    },
    "test_reserved_places.py": {
        _ALL: "Places for superadmins are kept free on each node.",
    },
    "test_slow_readers.py": {
        "test_a_client_that_stops_reading_gets_the_newest_prices_and_nobody_else_notices": _NEWEST,
    },
    "test_split_requests.py": {
        _ALL: _GATEWAY,
    },
    "test_starting.py": {
        _ALL: _ALONE,
    },
    "test_tenth_endpoint.py": {
        "test_it_stands_in_the_document_and_in_the_metrics": _METRICS,
    },
    "test_tls.py": {
        "test_a_server_with_tls_clients_drains": _GATEWAY,
        "test_who_does_not_begin_the_handshake_is_closed": _GATEWAY,
        "test_who_takes_no_answer_over_tls_is_closed": _GATEWAY,
    },
}
"""By file and test."""

ONE_NODE_ONLY = {
    "::".join(filter(None, (f"tests/e2e/{file}", test))): reason
    for file, reasons in _REASONS.items()
    for test, reason in reasons.items()
}
"""By the beginning of their node ids."""
