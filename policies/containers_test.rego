package cabincrew.policies.containers_test

import data.cabincrew.policies.containers
import data.cabincrew.testing

one(path, line) := testing.plan([testing.updated(path, [line])], {})

test_manifests_with_the_hosts_powers_are_denied if {
	cases := {
		"privileged-container": ["        privileged: true", "- \"privileged\": true", "  securityContext: {runAsUser: 1, privileged: yes}"],
		"host-namespace": ["  hostNetwork: true", "    network_mode: host", "  pid: \"host\""],
		"host-path": ["  - hostPath:", "    hostPath: { path: / }"],
		"container-socket": ["  - /var/run/docker.sock:/var/run/docker.sock"],
		"privilege-escalation": ["  allowPrivilegeEscalation: true"],
		"all-capabilities": ["      - SYS_ADMIN", "  add: [NET_ADMIN, \"ALL\"]", "capabilities: {add: [ALL]}"],
		"cluster-admin": ["  name: cluster-admin"],
	}
	every id, lines in cases {
		every line in lines {
			id in testing.ids(containers.deny) with input as one("k8s/app.yaml", line)
		}
	}
}

test_modest_manifests_are_fine if {
	every line in ["  privileged: false", "  hostNetwork: false", "      - ALL", "  drop: [ALL]", "  runAsUser: 1000", "  runAsNonRoot: true", "  image: registry.example.org/app:1.2.3", "  image: app@sha256:00", "# privileged: true is not for us"] {
		count(containers.deny) == 0 with input as one("k8s/app.yaml", line)
		count(containers.require_approval) == 0 with input as one("k8s/app.yaml", line)
	}
}

test_images_without_a_version_need_a_person if {
	"manifest-image-without-version" in testing.ids(containers.require_approval) with input as one("compose.yml", "    image: nginx")
	"manifest-image-without-version" in testing.ids(containers.require_approval) with input as one("compose.yml", "    image: nginx:latest")
	"image-without-version" in testing.ids(containers.require_approval) with input as one("Dockerfile", "FROM debian AS build")
	"image-without-version" in testing.ids(containers.require_approval) with input as one("web/Dockerfile.dev", "from --platform=linux/amd64 debian:latest")
}

test_images_with_a_version_are_fine if {
	every line in ["FROM debian:12.5", "FROM debian@sha256:00 AS build", "FROM scratch", "USER app", "ADD app.tar.gz /"] {
		count(containers.require_approval) == 0 with input as one("Dockerfile", line)
		count(containers.deny) == 0 with input as one("Dockerfile", line)
	}
}

test_root_needs_a_person if {
	found := containers.require_approval with input as one("Dockerfile", "USER root")
	{finding.role | some finding in found; finding.id == "root-in-image"} == {"operator"}
	"root-in-manifest" in testing.ids(containers.require_approval) with input as one("a.yaml", "    runAsUser: 0")
}

test_images_are_not_made_of_urls if {
	testing.ids(containers.deny) == {"remote-add"} with input as one("Containerfile", "ADD https://example.org/x /x")
}

test_only_manifests_and_image_files_are_looked_at if {
	count(containers.deny) == 0 with input as one("docs/k8s.md", "privileged: true")
}

test_paths_may_be_allowed if {
	count(containers.deny) == 0 with input as one("lab/app.yaml", "privileged: true") with data.cabincrew.settings.containers as {"allowed_paths": ["lab/**"]}
}
