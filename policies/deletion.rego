# METADATA
# title: Mass deletion
# description: A plan that deletes many files or lines at once needs a person, whatever the files are.
# custom:
#   twins: [mass-deletion, many-lines-deleted]
#   settings:
#     files_min: So many deleted files are many.
#     lines_min: So many deleted lines are many.
#     files_denied_min: So many deleted files are too many for any plan; 0 for no such bound.
package cabincrew.policies.deletion

defaults := {"files_min": 20, "lines_min": 2000, "files_denied_min": 0}

settings := object.union(defaults, data.cabincrew.settings.deletion) if data.cabincrew.settings.deletion

else := defaults

require_approval contains {"id": "mass-deletion", "msg": "many files are deleted at once", "evidence": {"files_deleted": input.totals.files_deleted}} if input.totals.files_deleted >= settings.files_min

require_approval contains {"id": "many-lines-deleted", "msg": sprintf("%d lines or more are deleted", [settings.lines_min]), "evidence": {"lines_deleted": input.totals.lines_deleted}} if input.totals.lines_deleted >= settings.lines_min

deny contains {"id": "too-many-deleted", "msg": sprintf("more files are deleted than any plan may: %d", [input.totals.files_deleted]), "evidence": {"files_deleted": input.totals.files_deleted}} if {
	settings.files_denied_min > 0
	input.totals.files_deleted >= settings.files_denied_min
}
