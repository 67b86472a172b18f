# METADATA
# title: Dependencies
# description: |
#   What a package manager runs by itself, and lock files that change although nothing changes that they lock: both are how foreign code gets in unseen, and
#   need the role `security`. A lock file that changes with its manifest is a warning.
# custom:
#   twins: [install-scripts, lock-file-alone, lock-file]
#   settings:
#     role: Who says yes.
package cabincrew.policies.dependencies

import data.cabincrew.findings

defaults := {"role": "security"}

settings := object.union(defaults, data.cabincrew.settings.dependencies) if data.cabincrew.settings.dependencies

else := defaults

locks := {
	"package-lock.json", "npm-shrinkwrap.json", "packages.lock.json", "yarn.lock", "cargo.lock", "poetry.lock", "pdm.lock", "uv.lock", "gemfile.lock", "composer.lock",
	"mix.lock", "flake.lock", "pubspec.lock", "deno.lock", "bun.lock", "pipfile.lock", "pnpm-lock.yaml", "go.sum", "bun.lockb", "package.resolved",
	".terraform.lock.hcl", "gradle.lockfile",
}

manifests := {
	"package.json", "pnpm-workspace.yaml", "cargo.toml", "pyproject.toml", "pipfile", "gemfile", "composer.json", "mix.exs", "flake.nix", "pubspec.yaml", "deno.json",
	"go.mod", "package.swift",
}

require_approval contains findings.needing("install-scripts", "package managers run these scripts by themselves", settings.role, files) if {
	files := [change.path |
		some change in input.changes
		lower(change.name) == "package.json"
		count([line | some line in change.added_lines; regex.match(`"(pre|post)?(install|prepare|publish|pack)"\s*:`, line.text)]) > 0
	]
}

require_approval contains findings.needing("lock-file-alone", "a lock file changes although nothing beside it that it locks does", settings.role, files) if {
	files := [change.path |
		some change in changed_locks
		not change.directory in manifest_directories
	]
}

warn contains findings.about("lock-file", "dependencies change; look at the versions", files) if {
	files := [change.path |
		some change in changed_locks
		change.directory in manifest_directories
	]
}

changed_locks := [{"path": change.path, "directory": change.directory} |
	some change in input.changes
	lower(change.name) in locks
]

manifest_directories := {change.directory |
	some change in input.changes
	is_manifest(lower(change.name))
}

is_manifest(name) if name in manifests

is_manifest(name) if regex.match(`\.(csproj|fsproj|vbproj|props|gemspec|tf|gradle|kts)$`, name)
