// Mail, chat, telephony, social networks and marketing.
using static CabinCrew.Governance.Detection.Secrets.TokenForms;

namespace CabinCrew.Governance.Detection.Secrets;

internal static class MessageTokens
{
    public static readonly SecretRule[] Rules =
    [
        new("slack-token", "a Slack token", ["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxo-", "xoxe.", "xoxe-"],
            "xox(b|p|a|r|s|o)-[0-9]{8,}-[A-Za-z0-9-]{16,}|xox[ar]-[0-9]-[A-Za-z0-9]{20,}|xoxe\\.xox[bp]-[0-9]-[A-Za-z0-9]{100,}|xoxe-[0-9]-[A-Za-z0-9]{100,}"),
        new("slack-app-token", "a Slack app token", ["xapp-"], "xapp-[0-9]-[A-Z0-9]{9,}-[0-9]{9,}-[a-z0-9]{30,}"),
        new("slack-webhook", "a Slack webhook's address", ["hooks.slack.com/services/", "hooks.slack.com/workflows/"],
            "hooks\\.slack\\.com/(services/T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{24}|workflows/T[A-Z0-9]{8,12}/A[A-Z0-9]{8,12}/[0-9]{15,20}/[A-Za-z0-9]{24})"),
        new("discord-webhook", "a Discord webhook's address", ["discord.com/api/webhooks/", "discordapp.com/api/webhooks/"], "discord(app)?\\.com/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,}"),
        new("teams-webhook", "a Microsoft Teams webhook's address", ["webhook.office.com/webhookb2/"], $"webhook\\.office\\.com/webhookb2/{Uuid}@{Uuid}/IncomingWebhook/[a-f0-9]{{32}}/{Uuid}"),
        new("telegram-token", "a Telegram bot token", [":AA"], "[0-9]{8,10}:AA[A-Za-z0-9_-]{32,33}") { Before = Digits },
        new("twilio-key", "a Twilio key", [.. Each("SK", HexDigits)], "SK[a-f0-9]{32}") { CharsMin = 34 },
        new("sendgrid-key", "a SendGrid key", ["SG."], "SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}") { CharsMin = 69 },
        new("mailgun-key", "a Mailgun key", ["key-", "pubkey-"], "(pub)?key-[a-f0-9]{32}") { CharsMin = 36 },
        new("mailchimp-key", "a Mailchimp key", [.. Each("-us", "123456789")], "[a-f0-9]{32}-us[1-9][0-9]?") { Before = HexDigits },
        new("brevo-key", "a Brevo key", ["xkeysib-", "xsmtpsib-"], "x(keysib|smtpsib)-[a-f0-9]{64}-[A-Za-z0-9]{16}"),
        new("resend-key", "a Resend key", ["re_"], "re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}") { CharsMin = 36, Check = TokenChecks.IsMixed },
        new("mailersend-token", "a MailerSend token", ["mlsn."], "mlsn\\.[a-f0-9]{64}"),
        new("courier-key", "a Courier key", ["pk_prod_", "pk_test_"], "pk_(prod|test)_[A-Z0-9]{28}") { Check = TokenChecks.HasDigit },
        new("klaviyo-key", "a Klaviyo private key", ["pk_"], "pk_[a-f0-9]{34}") { CharsMin = 37 },
        new("intercom-token", "an Intercom token", ["dG9rO"], "dG9rO[A-Za-z0-9+/]{50,60}={0,2}") { CharsMin = 55 },
        new("hubspot-token", "a HubSpot token", ["pat-na", "pat-eu", "pat-ap"], $"pat-(na|eu|ap)[0-9]-{Uuid}"),
        new("salesforce-token", "a Salesforce session", ["00D"], "00D[A-Za-z0-9]{12}![A-Za-z0-9._]{80,120}") { CharsMin = 96 },
        new("facebook-token", "a Facebook token", ["EAA"], "EAA[A-Za-z0-9]{100,}") { CharsMin = 103, Check = TokenChecks.IsNoBlob },
        new("vk-token", "a VK token", ["vk1.a."], "vk1\\.a\\.[A-Za-z0-9_-]{100,}"),
        new("twitter-bearer-token", "a bearer token of X (Twitter)", ["AAAAAAAAAAAAAAAAAAAAA"], "A{21,22}[A-Za-z0-9%]{80,100}") { CharsMin = 100, IsRepetitive = true, Check = token => token.Contains('%') },
        new("telnyx-key", "a Telnyx key", ["KEY0"], "KEY0[0-9A-F]{31}_[A-Za-z0-9]{22}"),
        new("africas-talking-key", "an Africa's Talking key", ["atsk_"], "atsk_[a-f0-9]{64}"),
        new("zoho-token", "a Zoho token", ["1000."], "1000\\.[a-f0-9]{32}\\.[a-f0-9]{32}"),
        new("typeform-token", "a Typeform token", ["tfp_"], "tfp_[A-Za-z0-9_.=-]{59}"),
        new("contentful-token", "a Contentful management token", ["CFPAT-"], "CFPAT-[A-Za-z0-9_-]{43}"),
        new("onesignal-key", "a OneSignal key", ["os_v2_app_", "os_v2_org_"], "os_v2_(app|org)_[a-z2-7]{100,}"),
        new("pubnub-key", "a PubNub secret key", ["sec-c-"], "sec-c-[A-Za-z0-9+/]{46,}={0,2}"),
        new("posthog-key", "a PostHog personal key", ["phx_"], "phx_[A-Za-z0-9]{43,}"),
    ];
}
