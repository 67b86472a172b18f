package cabincrew.policies.dependencies_test

import data.cabincrew.policies.dependencies
import data.cabincrew.testing

plan(paths) := testing.plan([testing.updated(path, []) | some path in paths], {})

test_install_scripts_need_security if {
	scripts := testing.plan([testing.updated("web/package.json", ["    \"postinstall\": \"node x.js\","])], {})
	found := dependencies.require_approval with input as scripts
	some finding in found
	finding.id == "install-scripts"
	finding.role == "security"
}

test_other_scripts_are_fine if {
	count(dependencies.require_approval) == 0 with input as testing.plan([testing.updated("package.json", ["    \"test\": \"jest\","])], {})
}

test_a_lock_file_alone_needs_security if {
	every paths in [["package-lock.json"], ["sub/Cargo.lock"], ["go.sum"], ["web/yarn.lock", "package.json"]] {
		testing.ids(dependencies.require_approval) == {"lock-file-alone"} with input as plan(paths)
	}
}

test_a_lock_file_with_its_manifest_is_a_warning if {
	every paths in [["package.json", "package-lock.json"], ["src/A/A.csproj", "src/A/packages.lock.json"], ["sub/go.mod", "sub/go.sum"]] {
		count(dependencies.require_approval) == 0 with input as plan(paths)
		testing.ids(dependencies.warn) == {"lock-file"} with input as plan(paths)
	}
}

test_a_manifest_alone_is_fine if {
	count(dependencies.warn) == 0 with input as plan(["package.json"])
	count(dependencies.require_approval) == 0 with input as plan(["package.json"])
}
