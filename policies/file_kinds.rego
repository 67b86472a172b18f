# METADATA
# title: Kinds of files
# description: Links that lead out of the workspace are denied. What becomes executable needs a person, an executable that cannot be read needs the role `security`, and other binary content is a warning.
# custom:
#   twins: [link-outside, becomes-executable, binary-executable, binary]
#   settings:
#     role: Who says yes to executables that cannot be read.
package cabincrew.policies.file_kinds

import data.cabincrew.findings

defaults := {"role": "security"}

settings := object.union(defaults, data.cabincrew.settings.file_kinds) if data.cabincrew.settings.file_kinds

else := defaults

deny contains findings.about("link-outside", "a link leads out of the workspace, or where it leads cannot be seen", files) if {
	files := [change.path | some change in input.changes; change.link_outside]
}

require_approval contains findings.about("becomes-executable", "a file becomes executable", files) if {
	files := [change.path | some change in input.changes; change.becomes_executable]
}

require_approval contains findings.needing("binary-executable", "an executable whose content cannot be read as text", settings.role, files) if {
	files := [change.path | some change in input.changes; change.binary; change.after.kind == "executable"]
}

warn contains findings.about("binary", "binary content cannot be reviewed as text", files) if {
	files := [change.path | some change in input.changes; change.binary; change.change != "delete"]
}
