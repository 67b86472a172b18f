# METADATA
# title: Two-person rule for production
# description: Whatever changes production needs the yes of two people; neither of them is the one who asked, which CabinCrew sees to by itself.
# custom:
#   settings:
#     environments: What counts as production, as the step's `environment` in the workflow file says it.
#     role: Whose yes is needed.
#     count: How many of them.
#     undeclared_denied: Steps that name no environment are denied, so that none forgets to.
package cabincrew.policies.production

defaults := {"environments": ["production", "prod", "live"], "role": "maintainer", "count": 2, "undeclared_denied": false}

settings := object.union(defaults, data.cabincrew.settings.production) if data.cabincrew.settings.production

else := defaults

require_approval contains {"id": "two-persons", "msg": sprintf("'%s' changes with the yes of %d people only", [input.environment, settings.count]), "role": settings.role, "count": settings.count} if is_production

is_production if {
	is_string(input.environment)
	some name in settings.environments
	lower(name) == lower(input.environment)
}

deny contains {"id": "environment-undeclared", "msg": "the step does not say which environment it changes"} if {
	settings.undeclared_denied
	input.environment == null
}
