# What tests make plans of. A plan here has every member of the document that policies see (`cabincrew schema policy-input`), and what a test is about in its stead.
package cabincrew.testing

# A plan with changes, all else as in a harmless flight; `over` takes the place of whole members.
plan(changes, over) := object.union_n([quiet, {"changes": changes, "totals": totals(changes)}, over])

totals(changes) := {
	"artifacts": 0,
	"files_changed": count(changes),
	"files_created": count([c | some c in changes; c.change == "create"]),
	"files_updated": count([c | some c in changes; c.change == "update"]),
	"files_deleted": count([c | some c in changes; c.change == "delete"]),
	"files_binary": count([c | some c in changes; c.binary]),
	"lines_added": sum([c.lines_added | some c in changes]),
	"lines_deleted": sum([c.lines_deleted | some c in changes]),
	"refs": 0,
	"findings": 0,
}

quiet := {
	"version": 1,
	"now": "2026-03-02T09:00:00.0000000Z",
	"environment": null,
	"tenant": "local",
	"workflow": {"id": "wf-1", "name": "tidy"},
	"step": {"id": "step"},
	"engine": {"id": "patch"},
	"requester": {"name": "rita", "kind": "human", "roles": ["maintainer"]},
	"isolation": {"tier": "bubblewrap", "sandboxed": true},
	"network": [],
	"outside_effects": false,
	"config": {},
	"context": {},
	"artifacts": [],
	"refs": [],
	"findings": [],
}

# A file that changes; lines are what the change adds.
updated(path, lines) := change(path, "update", lines)

created(path, lines) := object.union(change(path, "create", lines), {"before": null})

deleted(path) := object.union(change(path, "delete", []), {"after": null, "lines_deleted": 1, "deleted_lines": [{"number": 1, "text": "old"}]})

binary(path) := object.union(change(path, "update", []), {"binary": true})

executable(path) := object.union(change(path, "update", []), {"becomes_executable": true, "after": {"kind": "executable", "size": 1, "digest": "sha256:b"}})

link(path, target, outside) := object.union(change(path, "update", []), {"link_target": target, "link_outside": outside, "after": {"kind": "link", "size": 1, "digest": "sha256:b"}})

change(path, word, lines) := {
	"path": path,
	"directory": concat("/", array.slice(parts, 0, count(parts) - 1)),
	"name": parts[count(parts) - 1],
	"change": word,
	"before": {"kind": "regular", "size": 1, "digest": "sha256:a"},
	"after": {"kind": "regular", "size": 1, "digest": "sha256:b"},
	"binary": false,
	"becomes_executable": false,
	"link_target": null,
	"link_outside": false,
	"lines_added": count(lines),
	"lines_deleted": 0,
	"added_lines": [{"number": i + 1, "text": line} | some i, line in lines],
	"deleted_lines": [],
} if {
	parts := split(path, "/")
}

# An artifact whose body is JSON.
artifact(name, type, body) := {
	"name": name,
	"role": "evidence",
	"type": type,
	"action": "apply",
	"target": null,
	"metadata": {},
	"body": {"kind": "json", "size": 1, "digest": "sha256:c", "text": json.marshal(body), "excerpt": "", "json": body},
}

ids(findings) := {finding.id | some finding in findings}
