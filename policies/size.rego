# METADATA
# title: Size and blast radius
# description: |
#   What nobody can review is not reviewed. A plan with many files or lines, or that reaches into many parts of the repository, needs a person; one that is far
#   too large is denied, to be split.
# custom:
#   settings:
#     files_max: More changed files need a person.
#     lines_max: More added and deleted lines need a person.
#     parts_max: More directories at the top of the repository need a person.
#     files_denied_above: More changed files are denied.
#     lines_denied_above: More added and deleted lines are denied.
package cabincrew.policies.size

defaults := {"files_max": 100, "lines_max": 5000, "parts_max": 8, "files_denied_above": 2000, "lines_denied_above": 200000}

settings := object.union(defaults, data.cabincrew.settings.size) if data.cabincrew.settings.size

else := defaults

lines := input.totals.lines_added + input.totals.lines_deleted

parts := {part |
	some change in input.changes
	change.directory != ""
	part := split(change.directory, "/")[0]
}

require_approval contains {"id": "many-files", "msg": sprintf("%d files change; more than %d need a person", [input.totals.files_changed, settings.files_max])} if input.totals.files_changed > settings.files_max

require_approval contains {"id": "many-lines", "msg": sprintf("%d lines change; more than %d need a person", [lines, settings.lines_max])} if lines > settings.lines_max

require_approval contains {"id": "many-parts", "msg": sprintf("the plan reaches into %d parts of the repository", [count(parts)]), "evidence": {"parts": sort(parts)}} if count(parts) > settings.parts_max

deny contains {"id": "too-many-files", "msg": sprintf("%d files change; split the plan", [input.totals.files_changed])} if input.totals.files_changed > settings.files_denied_above

deny contains {"id": "too-many-lines", "msg": sprintf("%d lines change; split the plan", [lines])} if lines > settings.lines_denied_above
