# METADATA
# title: Dangerous commands
# description: Added lines that run downloaded code unseen, or make files writable for everybody, are denied; in prose the first is a warning.
# custom:
#   twins: [pipe-to-shell, pipe-to-shell-in-prose, world-writable]
#   settings:
#     patterns: Regular expressions of further commands that are denied.
package cabincrew.policies.commands

import data.cabincrew.findings

defaults := {"patterns": []}

settings := object.union(defaults, data.cabincrew.settings.commands) if data.cabincrew.settings.commands

else := defaults

pipe := `\b(curl|wget)\b[^|#]*\|\s*(sudo\s+(-\S+\s+)*)?(env\s+)?(/\S*/)?((ba|z|da|k|fi)?sh|python[0-9.]*|perl|ruby|node)\b`

pipe_in_prose := `\b(curl|wget)\b[^|]*\|\s*(sudo\s+)?((ba|z|da|k|fi)?sh|python[0-9.]*)\b`

world_writable := `\bchmod\s+(-\S+\s+)*0?[0-7]?77[76]\b`

deny contains findings.at_lines("pipe-to-shell", "downloaded code is run unseen", lines) if {
	lines := matches(pipe, false)
}

deny contains findings.at_lines("world-writable", "files are made writable for everybody", lines) if {
	lines := matches(world_writable, false)
}

deny contains findings.at_lines("denied-command", "a command that is denied here", lines) if {
	some pattern in settings.patterns
	lines := {path: numbers |
		some change in input.changes
		not is_prose(lower(change.name))
		path := change.path
		numbers := [line.number | some line in change.added_lines; regex.match(pattern, line.text)]
		count(numbers) > 0
	}
}

warn contains findings.at_lines("pipe-to-shell-in-prose", "readers are told to run downloaded code unseen", lines) if {
	lines := matches(pipe_in_prose, true)
}

matches(pattern, prose) := {path: numbers |
	some change in suspects
	is_prose(lower(change.name)) == prose
	path := change.path
	numbers := [line.number | some line in change.lines; regex.match(pattern, line.text)]
	count(numbers) > 0
}

# Most lines are nothing of this: one look tells.
suspects := [{"path": change.path, "name": change.name, "lines": lines} |
	some change in input.changes
	lines := [line | some line in change.added_lines; regex.match(`\b(curl|wget|chmod)\b`, line.text)]
	count(lines) > 0
]

default is_prose(_) := false

is_prose(name) if strings.any_suffix_match(name, {".md", ".rst", ".adoc"})
