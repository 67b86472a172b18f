# METADATA
# title: Pipelines
# description: Pipelines run with the project's own credentials. Whoever changes what they do can do what they may; so a person with the role `security` says yes.
# custom:
#   twins: [ci-definitions]
#   settings:
#     role: Who says yes.
#     more: Further paths (globs) of your own pipelines.
package cabincrew.policies.pipelines

import data.cabincrew.findings

defaults := {"role": "security", "more": []}

settings := object.union(defaults, data.cabincrew.settings.pipelines) if data.cabincrew.settings.pipelines

else := defaults

require_approval contains findings.needing("ci-definitions", "pipelines run with the project's own credentials", settings.role, files) if {
	files := [change.path |
		some change in input.changes
		is_pipeline(change.path)
	]
}

known := `(^|/)(jenkinsfile[^/]*|[^/]*\.jenkinsfile|codeowners|(\.gitlab-ci|\.travis|\.drone|\.woodpecker|\.?appveyor|cloudbuild|buildspec|azure-pipelines|bitbucket-pipelines|action)\.ya?ml)$|^\.(github|gitlab|circleci|buildkite|woodpecker|teamcity|tekton|azure-pipelines|ci|drone)/`

is_pipeline(path) if regex.match(known, lower(path))

is_pipeline(path) if {
	some pattern in settings.more
	glob.match(pattern, ["/"], path)
}
