# METADATA
# title: Infrastructure-critical files
# description: Changes to what machines are built from (Terraform, Kubernetes, Helm, Ansible, images, database migrations) need a person who answers for running systems.
# custom:
#   settings:
#     role: Who says yes.
#     extensions: Files with these extensions are infrastructure, wherever they are.
#     names: So are files with these names.
#     directories: and so is whatever lies below a directory of such a name.
#     more: Further paths (globs) that count as infrastructure.
package cabincrew.policies.infrastructure

import data.cabincrew.findings

defaults := {
	"role": "operator",
	"extensions": ["tf", "tfvars", "hcl"],
	"names": [
		"Dockerfile", "Containerfile", "Chart.yaml", "values.yaml", "kustomization.yaml", "docker-compose.yml", "docker-compose.yaml", "compose.yaml",
	],
	"directories": ["k8s", "kubernetes", "helm", "charts", "ansible", "terraform", "infra", "deploy", "migrations"],
	"more": [],
}

settings := object.union(defaults, data.cabincrew.settings.infrastructure) if data.cabincrew.settings.infrastructure

else := defaults

require_approval contains findings.needing("infrastructure", "machines are built from these files", settings.role, files) if {
	files := [change.path |
		some change in input.changes
		is_critical(change.path, change.directory, change.name)
	]
}

names := {name | some name in settings.names}

extensions := {extension | some extension in settings.extensions}

directories := {directory | some directory in settings.directories}

is_critical(_, _, name) if name in names

is_critical(_, _, name) if {
	parts := split(name, ".")
	parts[count(parts) - 1] in extensions
}

is_critical(_, directory, _) if {
	some part in split(directory, "/")
	part in directories
}

is_critical(path, _, _) if {
	some pattern in settings.more
	glob.match(pattern, ["/"], path)
}
