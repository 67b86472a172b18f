package cabincrew.policies.freeze_test

import data.cabincrew.policies.freeze
import data.cabincrew.testing

at(instant) := time.parse_rfc3339_ns(instant)

year_end := {"windows": [{"name": "year's end", "from": "2026-12-20T00:00:00Z", "until": "2027-01-07T00:00:00+01:00"}]}

weekend := {"weekly": [{"name": "weekend", "days": ["Friday"], "from": "15:00", "until": "24:00"}, {"name": "weekend", "days": ["Saturday", "Sunday"], "from": "00:00", "until": "24:00"}], "timezone": "Europe/Vienna"}

in_production := testing.plan([], {"environment": "production"})

test_without_windows_nothing_is_frozen if {
	count(freeze.deny) == 0 with input as testing.plan([], {})
}

test_in_a_window_nothing_takes_off if {
	found := freeze.deny with input as testing.plan([], {}) with data.cabincrew.settings.freeze as year_end with time.now_ns as at("2026-12-24T18:00:00Z")
	{finding.msg | some finding in found} == {"nothing takes off now: year's end"}
}

test_the_end_is_outside_of_the_window if {
	count(freeze.deny) == 1 with input as testing.plan([], {}) with data.cabincrew.settings.freeze as year_end with time.now_ns as at("2027-01-06T22:59:59Z")
	count(freeze.deny) == 0 with input as testing.plan([], {}) with data.cabincrew.settings.freeze as year_end with time.now_ns as at("2027-01-06T23:00:00Z")
	count(freeze.deny) == 0 with input as testing.plan([], {}) with data.cabincrew.settings.freeze as year_end with time.now_ns as at("2026-12-19T23:59:59Z")
}

test_weekly_windows_go_by_their_timezone if {
	count(freeze.deny) == 1 with input as testing.plan([], {}) with data.cabincrew.settings.freeze as weekend with time.now_ns as at("2026-03-06T14:00:00Z")
	count(freeze.deny) == 0 with input as testing.plan([], {}) with data.cabincrew.settings.freeze as weekend with time.now_ns as at("2026-03-06T13:59:00Z")
	count(freeze.deny) == 1 with input as testing.plan([], {}) with data.cabincrew.settings.freeze as weekend with time.now_ns as at("2026-03-08T12:00:00Z")
}

test_windows_may_be_for_some_environments if {
	settings := {"windows": [object.union(year_end.windows[0], {"environments": ["production"]})]}
	count(freeze.deny) == 1 with input as in_production with data.cabincrew.settings.freeze as settings with time.now_ns as at("2026-12-24T18:00:00Z")
	count(freeze.deny) == 0 with input as testing.plan([], {"environment": "test"}) with data.cabincrew.settings.freeze as settings with time.now_ns as at("2026-12-24T18:00:00Z")
}

test_some_may_ask_all_the_same if {
	plan := testing.plan([], {"requester": {"name": "ida", "kind": "human", "roles": ["incident"]}})
	count(freeze.deny) == 0 with input as plan with data.cabincrew.settings.freeze as year_end with time.now_ns as at("2026-12-24T18:00:00Z")
	found := freeze.require_approval with input as plan with data.cabincrew.settings.freeze as year_end with time.now_ns as at("2026-12-24T18:00:00Z")
	{finding.role | some finding in found} == {"operator"}
}

test_a_window_that_cannot_be_read_freezes if {
	every window in [{"name": "x", "from": "tomorrow", "until": "2027-01-01T00:00:00Z"}, {"name": "x", "from": "2026-01-01T00:00:00Z"}, {"name": "x", "from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z", "environments": "production"}] {
		"freeze-settings" in testing.ids(freeze.deny) with input as testing.plan([], {}) with data.cabincrew.settings.freeze as {"windows": [window]}
	}
	every window in [{"name": "x", "days": ["Sonntag"], "from": "00:00", "until": "24:00"}, {"name": "x", "days": [], "from": "00:00", "until": "24:00"}, {"days": ["Sunday"], "from": "0:00", "until": "24:00"}] {
		"freeze-settings" in testing.ids(freeze.deny) with input as testing.plan([], {}) with data.cabincrew.settings.freeze as {"weekly": [window]}
	}
}
