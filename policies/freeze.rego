# METADATA
# title: Freeze windows
# description: |
#   In a freeze nothing takes off: in windows with a beginning and an end, and every week at the times that are named. Whoever holds a role of `except_roles` may
#   still ask, and then needs the approval of `role`. The moment that counts is that of the judgement.
# custom:
#   settings:
#     windows: Objects with name, from and until (RFC 3339), and perhaps environments (default all).
#     weekly: Objects with name, days (Monday, ...), from and until (HH:MM, 00:00 to 24:00), and perhaps environments.
#     timezone: Of the weekly times, such as Europe/Vienna.
#     except_roles: Requesters who hold one of these may ask all the same.
#     role: Who says yes to them.
package cabincrew.policies.freeze

defaults := {"windows": [], "weekly": [], "timezone": "UTC", "except_roles": ["incident"], "role": "operator"}

settings := object.union(defaults, data.cabincrew.settings.freeze) if data.cabincrew.settings.freeze

else := defaults

deny contains {"id": "freeze", "msg": sprintf("nothing takes off now: %s", [name]), "evidence": {"now": input.now}} if {
	some name in frozen
	not excepted
}

require_approval contains {"id": "freeze-exception", "msg": sprintf("an exception from: %s", [name]), "role": settings.role, "evidence": {"now": input.now}} if {
	some name in frozen
	excepted
}

excepted if {
	some role in input.requester.roles
	role in settings.except_roles
}

frozen contains window.name if {
	some window in settings.windows
	is_window(window)
	concerns(window)
	now := time.now_ns()
	now >= time.parse_rfc3339_ns(window.from)
	now < time.parse_rfc3339_ns(window.until)
}

frozen contains window.name if {
	some window in settings.weekly
	is_weekly(window)
	concerns(window)
	time.weekday([time.now_ns(), settings.timezone]) in window.days
	[hours, minutes, _] := time.clock([time.now_ns(), settings.timezone])
	now := hours * 60 + minutes
	now >= minutes_of(window.from)
	now < minutes_of(window.until)
}

concerns(window) if not "environments" in object.keys(window)

concerns(window) if input.environment in window.environments

minutes_of(clock) := to_number(parts[0]) * 60 + to_number(parts[1]) if parts := split(clock, ":")

# A window that cannot be read freezes everything: the other reading would thaw it.
deny contains {"id": "freeze-settings", "msg": sprintf("the window '%s' has no from, until and environments that can be read", [object.get(window, "name", "without a name")])} if {
	some window in settings.windows
	not is_window(window)
}

deny contains {"id": "freeze-settings", "msg": sprintf("the weekly window '%s' has no days, from, until and environments that can be read", [object.get(window, "name", "without a name")])} if {
	some window in settings.weekly
	not is_weekly(window)
}

instant := `^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$`

names_places(window) if is_array(object.get(window, "environments", []))

is_window(window) if {
	window.name
	names_places(window)
	regex.match(instant, window.from)
	regex.match(instant, window.until)
}

is_weekly(window) if {
	window.name
	names_places(window)
	regex.match(`^\d{2}:\d{2}$`, window.from)
	regex.match(`^\d{2}:\d{2}$`, window.until)
	count(window.days) > 0
	every day in window.days {
		day in {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
	}
}
