# METADATA
# title: Containers and Kubernetes
# description: |
#   Basics of container security, in the lines that a plan adds: privileged containers, the host's namespaces, paths and container socket, all capabilities and
#   privilege escalation are denied; running as root and images without a fixed version need a person.
# custom:
#   settings:
#     role: Who says yes to images without a version and to root.
#     allowed_paths: Paths (globs) that are not looked at.
package cabincrew.policies.containers

import data.cabincrew.findings

defaults := {"role": "operator", "allowed_paths": []}

settings := object.union(defaults, data.cabincrew.settings.containers) if data.cabincrew.settings.containers

else := defaults

denied := {
	"privileged-container": {"where": "manifest", "what": "a container with all the host's powers", "pattern": `(^\s*(-\s+)?|[{,]\s*)["']?privileged["']?\s*:\s*(true|True|TRUE|yes|on)\b`},
	"host-namespace": {"where": "manifest", "what": "a pod in the host's namespaces", "pattern": `(^\s*(-\s+)?|[{,]\s*)["']?(hostNetwork|hostPID|hostIPC)["']?\s*:\s*(true|True|TRUE|yes|on)\b|^\s*["']?(network_mode|pid|ipc)["']?\s*:\s*["']?host\b`},
	"host-path": {"where": "manifest", "what": "a directory of the host in a container", "pattern": `(^\s*(-\s+)?|[{,]\s*)["']?hostPath["']?\s*:`},
	"container-socket": {"where": "manifest", "what": "the container engine's socket in a container", "pattern": `/(docker|containerd|crio|podman)\.sock\b`},
	"privilege-escalation": {"where": "manifest", "what": "a container that may gain privileges", "pattern": `(^\s*(-\s+)?|[{,]\s*)["']?allowPrivilegeEscalation["']?\s*:\s*(true|True|TRUE|yes|on)\b`},
	"all-capabilities": {"where": "manifest", "what": "a container with nearly every capability", "pattern": `["']?\badd["']?\s*:\s*\[[^\]]*\b(ALL|SYS_ADMIN|CAP_SYS_ADMIN)\b|^\s*-\s*["']?(CAP_)?SYS_ADMIN["']?\s*$`},
	"cluster-admin": {"where": "manifest", "what": "the cluster's highest role is given away", "pattern": `^\s*["']?name["']?\s*:\s*["']?cluster-admin\b`},
	"remote-add": {"where": "image", "what": "an image is made of what a URL says at the time", "pattern": `(?i)^\s*ADD\s+(--\S+\s+)*https?://`},
}

doubtful := {
	"image-without-version": {"where": "image", "what": "an image that may be another tomorrow", "pattern": `(?i)^\s*FROM\s+(--platform=\S+\s+)?[^\s:@]+(:latest)?(\s+AS\s+\S+)?\s*$`},
	"manifest-image-without-version": {"where": "manifest", "what": "an image that may be another tomorrow", "pattern": `^\s*(-\s+)?["']?image["']?\s*:\s*["']?[^\s:@"']+(:latest)?["']?\s*$`},
	"root-in-image": {"where": "image", "what": "the image runs as root", "pattern": `(?i)^\s*USER\s+(root|0)(:\S+)?\s*$`},
	"root-in-manifest": {"where": "manifest", "what": "a container runs as root", "pattern": `^\s*["']?runAsUser["']?\s*:\s*0\s*$|^\s*["']?runAsNonRoot["']?\s*:\s*false\b`},
}

deny contains findings.at_lines(id, check.what, lines) if {
	some where, changes in suspects
	some id, check in denied
	check.where == where
	lines := matches(check.pattern, changes)
}

require_approval contains object.union(findings.at_lines(id, check.what, lines), {"role": settings.role}) if {
	some where, changes in suspects
	some id, check in doubtful
	check.where == where
	lines := matches(check.pattern, changes)
}

# `FROM scratch` and earlier stages of the same build have no version; neither is an image of somebody else's.
matches(pattern, changes) := {path: numbers |
	some path, lines in changes
	numbers := [line.number |
		some line in lines
		regex.match(pattern, line.text)
		not regex.match(`(?i)^\s*FROM\s+scratch\b`, line.text)
	]
	count(numbers) > 0
}

# Most lines are nothing of this: one look tells. By kind of file, the lines that any check is about.
suspects[where][change.path] := lines if {
	some change in input.changes
	some where, names in kinds
	regex.match(names, lower(change.name))
	lines := [line | some line in change.added_lines; regex.match(suspect[where], line.text)]
	count(lines) > 0
	not allowed(change.path)
}

kinds := {"image": `^(dockerfile|containerfile)(\..*)?$|\.(dockerfile|containerfile)$`, "manifest": `\.(ya?ml|json)$`}

suspect[where] := concat("|", [sprintf("(?:%s)", [check.pattern]) | some check in object.union(denied, doubtful); check.where == where]) if some where, _ in kinds

allowed(path) if {
	some pattern in settings.allowed_paths
	glob.match(pattern, ["/"], path)
}
