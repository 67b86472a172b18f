package cabincrew.policies.production_test

import data.cabincrew.policies.production
import data.cabincrew.testing

step_in(environment) := testing.plan([], {"environment": environment})

test_production_needs_two if {
	every environment in ["production", "Prod", "live"] {
		found := production.require_approval with input as step_in(environment)
		{[finding.role, finding.count] | some finding in found} == {["maintainer", 2]}
	}
}

test_other_environments_do_not if {
	count(production.require_approval) == 0 with input as step_in("staging")
	count(production.require_approval) == 0 with input as step_in(null)
}

test_count_role_and_names_are_settings if {
	settings := {"environments": ["eu-1"], "count": 3, "role": "operator"}
	found := production.require_approval with input as step_in("eu-1") with data.cabincrew.settings.production as settings
	{[finding.role, finding.count] | some finding in found} == {["operator", 3]}
	count(production.require_approval) == 0 with input as step_in("production") with data.cabincrew.settings.production as settings
}

test_steps_may_have_to_say_where if {
	testing.ids(production.deny) == {"environment-undeclared"} with input as step_in(null) with data.cabincrew.settings.production as {"undeclared_denied": true}
	count(production.deny) == 0 with input as step_in(null)
}
