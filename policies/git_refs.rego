# METADATA
# title: Git references
# description: Branches, tags, HEAD and the index move with a person's yes only. What may lose commits, or gives a known name another meaning, needs the role `security`.
# custom:
#   twins: [git-refs, git-refs-lost, git-refs-forced, git-tags-moved, git-refs-unusual]
#   settings:
#     role: Who says yes to what may lose commits.
#     denied: References (patterns such as refs/heads/release/*) that no plan may move.
package cabincrew.policies.git_refs

import data.cabincrew.findings

defaults := {"role": "security", "denied": []}

settings := object.union(defaults, data.cabincrew.settings.git_refs) if data.cabincrew.settings.git_refs

else := defaults

require_approval contains {"id": "git-refs", "msg": findings.told("branches, tags, HEAD or the index of the repository move", names), "evidence": {"git_refs": names}} if {
	names := [ref.name | some ref in input.refs]
	count(names) > 0
}

require_approval contains needing("git-refs-lost", "a branch or tag is deleted, and with it perhaps the only way to its commits", [ref.name |
	some ref in input.refs
	ref.move == "delete"
	not ref.name in {"HEAD", "index"}
])

require_approval contains needing("git-refs-forced", "a branch or tag leaves commits behind that it holds now", [ref.name |
	some ref in input.refs
	ref.forced
])

require_approval contains needing("git-tags-moved", "a tag that others rely on would mean something else", [ref.name |
	some ref in input.refs
	startswith(ref.name, "refs/tags/")
	ref.move != "create"
])

require_approval contains needing("git-refs-unusual", "references that git uses for itself (replacements, notes, stashes, bisection)", [ref.name |
	some ref in input.refs
	not regex.match(`^(HEAD|index)$|^refs/(heads|tags|remotes)/`, ref.name)
])

deny contains {"id": "denied-refs", "msg": findings.told("no plan may move these", names), "evidence": {"git_refs": names}} if {
	names := sort({ref.name |
		some ref in input.refs
		some pattern in settings.denied
		glob.match(pattern, null, ref.name)
	})
	count(names) > 0
}

needing(id, msg, names) := {"id": id, "msg": findings.told(msg, names), "role": settings.role, "evidence": {"git_refs": names}} if count(names) > 0
