// Rules for tools with subcommands, as a table: which words and options make a command dangerous. A word or option may have alternatives (a|b); all options that are named must be there.
using CabinCrew.Governance.Detection.Commands.Shell;

namespace CabinCrew.Governance.Detection.Commands.Judges;

/// <param name="Verbs">The first operands, in order; <c>*</c> is any.</param>
/// <param name="Options">All of these.</param>
/// <param name="Unless">None of these; a dry run never counts.</param>
internal sealed record ToolRule(string Rule, string Tools, string Verbs, string Options = "", string Unless = "")
{
    private readonly string[][] verbs = Split(Verbs);
    private readonly string[][] options = Split(Options);
    private readonly string[] unless = Unless.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static string[][] Split(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(w => w.Split('|'))];

    /// <summary>What it would hit, where the rule fits.</summary>
    public string? Target(CommandCall call)
    {
        if (call.Has("--dry-run", "--help", "--dryrun", "--what-if") || (unless.Length > 0 && call.Has(unless))) return null;
        foreach (var any in options)
            if (!call.Has(any)) return null;
        var (next, afterOption) = (0, false);
        List<string> rest = [];
        foreach (var argument in call.Arguments)
        {
            var text = argument.Text;
            if (text is ['-', _, ..])
            {
                afterOption = !text.Contains('=');
                continue;
            }
            if (next == verbs.Length) rest.Add(text);
            else if (Array.Exists(verbs[next], v => v == "*" || v.Equals(text, StringComparison.OrdinalIgnoreCase))) next++;
            else if (!afterOption) return null;
            afterOption = false;
        }
        if (next < verbs.Length) return null;
        return rest.Count > 0 && verbs.Length > 0 ? string.Join(' ', rest) : $"{call.Name} {ShellWalk.Joined(call.Arguments)}";
    }
}

internal static class ToolRules
{
    private const string Services = "firewalld|firewalld.service|ufw|ufw.service|iptables|nftables|apparmor|apparmor.service|auditd|auditd.service|rsyslog|rsyslog.service|syslog|syslog-ng|systemd-journald|fail2ban|fail2ban.service|falcon-sensor|falcon-sensor.service|crowdsec|clamav-daemon|osqueryd|wazuh-agent|falco|sysmon|mdatp|cbdaemon|cbdaemon.service|sshguard|aide";

    private static readonly ToolRule[] All =
    [
        // git
        new("git-reset-hard", "git", "reset", "--hard"),
        new("git-reset-hard", "git", "checkout", "-f|--force"),
        new("git-clean", "git", "clean", "-f|--force -x|-X|-d", "-n"),
        new("git-branch-delete", "git", "branch", "-D"),
        new("git-branch-delete", "git", "branch", "-d|--delete -f|--force"),
        new("git-rewrite-history", "git", "filter-branch|filter-repo"),
        new("git-rewrite-history", "git-filter-repo|bfg", ""),
        new("git-rewrite-history", "git", "update-ref", "-d"),
        new("git-erase-reflog", "git", "reflog expire|delete"),
        new("git-erase-reflog", "git", "gc", "--prune"),
        new("git-erase-reflog", "git", "stash clear"),
        new("repository-delete", "gh|glab", "repo delete"),
        new("git-delete-remote", "gh", "release delete"),

        // Terraform and its like
        new("terraform-destroy", "terraform|tofu|terragrunt|cdktf|cdk|pulumi", "destroy"),
        new("terraform-destroy", "terraform|tofu|terragrunt", "apply|run-all", "-destroy|--destroy"),
        new("terraform-destroy", "terragrunt", "run-all destroy"),
        new("terraform-destroy", "terragrunt", "destroy-all"),
        new("terraform-apply-unseen", "terraform|tofu|terragrunt", "apply", "-auto-approve|--auto-approve", "-destroy"),
        new("terraform-apply-unseen", "pulumi", "up|update", "--yes|-y"),
        new("terraform-state", "terraform|tofu|terragrunt", "state rm|push"),
        new("terraform-state", "terraform|tofu|terragrunt", "force-unlock"),
        new("terraform-state", "terraform|tofu", "workspace delete"),
        new("terraform-destroy", "pulumi", "stack rm"),

        // Clusters
        new("kubernetes-delete", "kubectl|oc", "delete ns|namespace|namespaces|project|projects|pv|pvc|persistentvolume|persistentvolumes|persistentvolumeclaim|persistentvolumeclaims|crd|crds|customresourcedefinition|customresourcedefinitions|node|nodes|no|sts|statefulset|statefulsets|storageclass|clusterrole|clusterrolebinding|all|secret|secrets"),
        new("kubernetes-delete", "kubectl|oc", "delete", "--all|--all-namespaces|-A"),
        new("kubernetes-delete", "kubectl|oc", "delete", "--force"),
        new("kubernetes-delete", "kubectl|oc", "replace", "--force"),
        new("kubernetes-drain", "kubectl|oc", "drain|cordon"),
        new("kubernetes-admin", "kubectl|oc", "create clusterrolebinding", "--clusterrole"),
        new("kubernetes-admin", "oc", "adm policy"),
        new("kubernetes-delete", "kind|k3d|minikube|eksctl|kops", "delete"),
        new("kubernetes-delete", "kubeadm", "reset"),
        new("kubernetes-delete", "etcdctl", "del"),
        new("kubernetes-delete", "argocd|flux", "app|delete|uninstall delete|*", "", "--keep"),
        new("helm-uninstall", "helm", "uninstall|delete|del|un"),

        // Containers
        new("docker-delete", "docker|podman|nerdctl", "system|image|container|builder prune", "-a|--all|--volumes"),
        new("docker-delete", "docker|podman|nerdctl", "volume rm|prune|remove"),
        new("docker-delete", "docker|podman|nerdctl", "system prune", "-f|--force"),
        new("docker-delete", "docker", "compose down", "-v|--volumes"),
        new("docker-delete", "docker-compose", "down", "-v|--volumes"),
        new("docker-delete", "docker", "swarm leave", "-f|--force"),
        new("docker-delete", "docker", "stack rm"),
        new("docker-privileged", "docker|podman|nerdctl", "run|exec|create", "--privileged"),
        new("docker-privileged", "docker|podman|nerdctl", "compose exec|run", "--privileged"),

        // Clouds
        new("cloud-delete", "aws", "s3 rm", "--recursive"),
        new("cloud-delete", "aws", "s3 rb"),
        new("cloud-delete", "aws", "s3 sync", "--delete"),
        new("cloud-delete", "aws", "ec2 terminate-instances|delete-volume|delete-snapshot|delete-vpc|delete-subnet|delete-security-group|deregister-image|delete-key-pair|stop-instances"),
        new("cloud-delete", "aws", "s3api delete-bucket|delete-objects|delete-object|delete-bucket-policy|delete-bucket-encryption"),
        new("cloud-delete", "aws", "rds delete-db-instance|delete-db-cluster|delete-db-snapshot|delete-db-cluster-snapshot"),
        new("cloud-delete", "aws", "dynamodb delete-table|delete-backup"),
        new("cloud-delete", "aws", "eks|ecs|lambda|elasticache|redshift|es|opensearch|efs|ecr|sqs|sns|cloudformation|kms|secretsmanager|route53|elb|elbv2|autoscaling|backup|glacier|kinesis|logs|apigateway|cloudfront|ssm delete-cluster|delete-nodegroup|delete-service|delete-function|delete-cache-cluster|delete-replication-group|delete-elasticsearch-domain|delete-domain|delete-file-system|delete-repository|batch-delete-image|delete-queue|purge-queue|delete-topic|delete-stack|schedule-key-deletion|disable-key|delete-secret|delete-hosted-zone|delete-load-balancer|delete-auto-scaling-group|delete-recovery-point|delete-backup-vault|delete-vault|delete-stream|delete-rest-api|delete-distribution|delete-parameter|delete-parameters"),
        new("cloud-protection", "aws", "cloudtrail|guardduty|configservice|logs|ec2|securityhub|wafv2 delete-trail|stop-logging|update-trail|put-event-selectors|delete-detector|update-detector|disassociate-from-master-account|delete-configuration-recorder|stop-configuration-recorder|delete-delivery-channel|delete-log-group|delete-log-stream|delete-flow-logs|disable-ebs-encryption-by-default|disable-security-hub|delete-web-acl"),
        new("cloud-access", "aws", "iam create-user|delete-user|create-access-key|delete-access-key|attach-user-policy|attach-role-policy|attach-group-policy|put-user-policy|put-role-policy|put-group-policy|delete-role|delete-policy|detach-role-policy|detach-user-policy|update-assume-role-policy|create-login-profile|update-login-profile|add-user-to-group|create-policy-version|set-default-policy-version|deactivate-mfa-device|create-group|delete-group|create-role|delete-account-password-policy"),
        new("cloud-access", "aws", "kms put-key-policy|create-grant"),
        new("cloud-access", "aws", "organizations leave-organization|remove-account-from-organization|close-account"),
        new("cloud-public", "aws", "s3api delete-public-access-block|put-public-access-block"),
        new("cloud-public", "aws", "s3control delete-public-access-block"),
        new("cloud-delete", "gcloud", "* delete", ""),
        new("cloud-delete", "gcloud", "* * delete", ""),
        new("cloud-delete", "gcloud", "* * * delete", ""),
        new("cloud-access", "gcloud", "projects|organizations|iam|storage|run|functions|resource-manager add-iam-policy-binding|remove-iam-policy-binding|set-iam-policy"),
        new("cloud-access", "gcloud", "* * add-iam-policy-binding|remove-iam-policy-binding|set-iam-policy"),
        new("cloud-access", "gcloud", "iam service-accounts keys create"),
        new("cloud-delete", "gsutil", "rb"),
        new("cloud-delete", "gsutil", "rm", "-r|-R|-a"),
        new("cloud-delete", "gcloud", "storage rm", "-r|-R|--recursive"),
        new("cloud-delete", "bq", "rm"),
        new("cloud-delete", "az", "* delete|purge"),
        new("cloud-delete", "az", "* * delete|purge|delete-batch"),
        new("cloud-delete", "az", "* * * delete|purge"),
        new("cloud-access", "az", "role assignment|definition create|delete|update"),
        new("cloud-access", "az", "ad sp|app|user|group create|create-for-rbac|delete|credential"),
        new("cloud-delete", "doctl|linode-cli|hcloud|scw|oci|ibmcloud|flyctl|fly|heroku|vercel|netlify|railway", "* delete|destroy|rm|remove|terminate"),
        new("cloud-delete", "doctl|oci|ibmcloud", "* * delete|destroy|rm|terminate"),
        new("cloud-delete", "flyctl|fly|heroku", "destroy|apps:destroy|pg:reset|addons:destroy"),
        new("cloud-delete", "wrangler", "delete"),
        new("cloud-delete", "rclone", "purge|delete"),
        new("cloud-delete", "mc", "rb|rm", "--force|--recursive|-r"),
        new("cloud-delete", "s3cmd", "del|rb|rm", "-r|--recursive|-f|--force"),
        new("cloud-delete", "vault", "kv metadata delete"),
        new("cloud-delete", "vault", "secrets|auth disable"),
        new("cloud-delete", "consul", "kv delete", "-recurse"),

        // Databases
        new("database-delete", "dropdb|dropuser", ""),
        new("database-delete", "mysqladmin", "drop"),
        new("database-delete", "redis-cli|valkey-cli|keydb-cli", "flushall|flushdb"),
        new("database-delete", "rails|rake", "db:drop|db:reset|db:drop:all|db:purge"),
        new("database-delete", "prisma", "migrate reset"),
        new("database-delete", "python|python3|django-admin", "manage.py|flush|reset_db flush|reset_db"),
        new("database-delete", "artisan|php", "artisan|migrate:fresh migrate:fresh|db:wipe|migrate:reset"),
        new("database-delete", "supabase", "db reset"),

        // Storage
        new("delete-storage", "lvremove|vgremove|pvremove", ""),
        new("delete-storage", "zpool|zfs", "destroy"),
        new("delete-storage", "btrfs", "subvolume delete"),
        new("delete-storage", "mdadm", "", "--zero-superblock"),
        new("delete-storage", "cryptsetup", "luksFormat|erase|luksErase"),
        new("delete-storage", "ceph", "osd pool delete"),
        new("delete-storage", "rbd", "rm|remove"),
        new("delete-storage", "gluster", "volume delete"),

        // The machine
        new("stop-protection", "systemctl", "stop|disable|mask|kill " + Services),
        new("stop-protection", "service", Services + " stop"),
        new("stop-protection", "chkconfig", Services + " off"),
        new("stop-protection", "iptables|ip6tables", "", "-F|--flush"),
        new("stop-protection", "iptables|ip6tables", "input|forward|output accept", "-P|--policy"),
        new("stop-protection", "nft", "flush ruleset|table"),
        new("stop-protection", "nft", "delete table"),
        new("stop-protection", "ufw", "disable|reset"),
        new("stop-protection", "pfctl", "", "-d|-F"),
        new("stop-protection", "firewall-cmd", "", "--panic-on"),
        new("stop-protection", "setenforce", "0|permissive"),
        new("stop-protection", "auditctl", "0", "-e"),
        new("stop-protection", "auditctl", "", "-D"),
        new("stop-protection", "aa-teardown|aa-disable|aa-complain", ""),
        new("stop-protection", "spctl", "", "--master-disable|--global-disable"),
        new("stop-protection", "csrutil", "disable"),
        new("stop-protection", "killall|pkill", "auditd|rsyslogd|syslogd|falcon-sensor|osqueryd|fail2ban-server|clamd|cron|crond"),
        new("erase-history", "history", "", "-c"),
        new("erase-history", "history", "", "-d"),
        new("erase-history", "set", "+o history"),
        new("erase-logs", "log", "erase"),
        new("erase-logs", "dmesg", "", "-C|--clear"),
        new("stop-machine", "shutdown|poweroff|reboot|halt", "", "", "-c"),
        new("stop-machine", "systemctl", "poweroff|reboot|halt|kexec|rescue|emergency|suspend|hibernate"),
        new("stop-machine", "init|telinit", "0|6"),
        new("stop-machine", "osascript", "*", "--reboot"),
        new("kill-all", "killall5", ""),
        new("erase-schedule", "crontab", "", "-r"),
        new("change-account", "userdel|deluser|groupdel|visudo|dsenableroot", ""),
        new("change-account", "passwd", "root"),
        new("change-account", "passwd", "", "-d|--delete"),
        new("change-account", "useradd|adduser|usermod", "", "-o|--non-unique"),
        new("change-account", "useradd|usermod", "sudo|wheel|root|docker|admin", "-G|--groups|-aG|-g"),
        new("change-account", "gpasswd", "", "-a|--add"),
        new("change-account", "chpasswd", ""),

        // Publishing
        new("publish-package", "npm|yarn|pnpm|bun", "publish"),
        new("publish-package", "npm|pnpm", "unpublish|deprecate"),
        new("publish-package", "yarn", "npm publish"),
        new("publish-package", "cargo", "publish|yank"),
        new("publish-package", "twine", "upload"),
        new("publish-package", "poetry|uv|flit|hatch", "publish"),
        new("publish-package", "gem", "push|yank"),
        new("publish-package", "dotnet", "nuget push|delete"),
        new("publish-package", "nuget", "push|delete"),
    ];

    public static readonly ILookup<string, ToolRule> ByTool = (from rule in All from tool in rule.Tools.Split('|') select (tool, rule)).ToLookup(r => r.tool, r => r.rule, StringComparer.Ordinal);
}
