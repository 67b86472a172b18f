package cabincrew.policies.git_refs_test

import data.cabincrew.policies.git_refs
import data.cabincrew.testing

plan(name, move, forced) := testing.plan([], {"refs": [{"name": name, "move": move, "before": null, "after": null, "forced": forced}]})

test_moved_branches_need_a_person if {
	testing.ids(git_refs.require_approval) == {"git-refs"} with input as plan("refs/heads/main", "update", false)
	testing.ids(git_refs.require_approval) == {"git-refs"} with input as plan("HEAD", "delete", false)
}

test_lost_branches_need_security if {
	found := git_refs.require_approval with input as plan("refs/heads/topic", "delete", false)
	{finding.role | some finding in found; finding.id == "git-refs-lost"} == {"security"}
}

test_forced_branches_need_security if {
	"git-refs-forced" in testing.ids(git_refs.require_approval) with input as plan("refs/heads/main", "update", true)
}

test_moved_tags_need_security if {
	"git-tags-moved" in testing.ids(git_refs.require_approval) with input as plan("refs/tags/v1", "update", false)
	testing.ids(git_refs.require_approval) == {"git-refs"} with input as plan("refs/tags/v1", "create", false)
}

test_references_of_git_itself_need_security if {
	"git-refs-unusual" in testing.ids(git_refs.require_approval) with input as plan("refs/replace/0000", "create", false)
	not "git-refs-unusual" in testing.ids(git_refs.require_approval) with input as plan("index", "update", false)
}

test_references_may_be_denied if {
	settings := {"denied": ["refs/heads/release/*"]}
	testing.ids(git_refs.deny) == {"denied-refs"} with input as plan("refs/heads/release/1.0", "update", false) with data.cabincrew.settings.git_refs as settings
	count(git_refs.deny) == 0 with input as plan("refs/heads/main", "update", false) with data.cabincrew.settings.git_refs as settings
}
