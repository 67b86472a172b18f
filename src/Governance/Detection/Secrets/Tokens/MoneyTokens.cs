// Payments, shops and banks.
using static CabinCrew.Governance.Detection.Secrets.TokenForms;

namespace CabinCrew.Governance.Detection.Secrets;

internal static class MoneyTokens
{
    public static readonly SecretRule[] Rules =
    [
        new("stripe-key", "a Stripe live key", ["sk_live_", "rk_live_"], "[rs]k_live_[A-Za-z0-9]{24,}"),
        new("stripe-test-key", "a Stripe test key", ["sk_test_", "rk_test_"], "[rs]k_test_[A-Za-z0-9]{24,}"),
        new("webhook-secret", "a webhook's signing secret (Stripe, Svix)", ["whsec_"], "whsec_[A-Za-z0-9+/]{32,}={0,2}"),
        new("square-token", "a Square token", ["sq0atp-", "sq0csp-", "EAAA"], "sq0atp-[A-Za-z0-9_-]{22}|sq0csp-[A-Za-z0-9_-]{43}|EAAA[A-Za-z0-9_-]{60}") { CharsMin = 29, Check = TokenChecks.HasDigit },
        new("braintree-token", "a Braintree token", ["access_token$"], "access_token\\$(production|sandbox)\\$[a-z0-9]{16}\\$[a-f0-9]{32}"),
        new("razorpay-key", "a Razorpay live key", ["rzp_live_"], "rzp_live_[A-Za-z0-9]{14}"),
        new("flutterwave-key", "a Flutterwave secret key", ["FLWSECK-", "FLWSECK_TEST-"], "FLWSECK(_TEST)?-[A-Za-z0-9]{12,}(-X)?"),
        new("gocardless-token", "a GoCardless token", ["live_"], "live_[A-Za-z0-9_-]{40}") { CharsMin = 45, Check = TokenChecks.IsMixed },
        new("mollie-key", "a Mollie live key", ["live_"], "live_[A-Za-z0-9]{30}") { CharsMin = 35, Check = TokenChecks.IsMixed },
        new("lob-key", "a Lob key", ["live_", "test_"], "(live|test)_[a-f0-9]{35}") { CharsMin = 40 },
        new("plaid-token", "a Plaid access token", ["access-sandbox-", "access-development-", "access-production-"], $"access-(sandbox|development|production)-{Uuid}"),
        new("shippo-token", "a Shippo token", ["shippo_live_", "shippo_test_"], "shippo_(live|test)_[a-f0-9]{40}"),
        new("easypost-key", "an EasyPost key", ["EZAK", "EZTK"], "EZ[AT]K[A-Za-z0-9]{54}") { CharsMin = 58 },
        new("duffel-token", "a Duffel token", ["duffel_live_", "duffel_test_"], "duffel_(live|test)_[A-Za-z0-9_=-]{43}"),
        new("paddle-key", "a Paddle key", ["pdl_live_apikey_", "pdl_sdbx_apikey_"], "pdl_(live|sdbx)_apikey_[a-z0-9]{26}_[A-Za-z0-9]{22}_[A-Za-z0-9]{3}"),
        new("sumup-key", "a SumUp key", ["sup_sk_"], "sup_sk_[A-Za-z0-9]{32}"),
        new("shopify-token", "a Shopify token", ["shpat_", "shpca_", "shppa_", "shpss_"], "shp(at|ca|pa|ss)_[a-fA-F0-9]{32}"),
        new("woocommerce-key", "a WooCommerce key", ["ck_", "cs_"], "c[ks]_[a-f0-9]{40}") { CharsMin = 43 },
        new("xendit-key", "a Xendit key", ["xnd_production_", "xnd_development_"], "xnd_(production|development)_[A-Za-z0-9]{40,}"),
        new("midtrans-key", "a Midtrans server key", ["Mid-server-", "SB-Mid-server-"], "(SB-)?Mid-server-[A-Za-z0-9_-]{24}"),
        new("omise-key", "an Omise secret key", ["skey_"], "skey_(test_)?[a-z0-9]{19}"),
        new("klarna-key", "a Klarna key", ["klarna_live_api_", "klarna_test_api_"], "klarna_(live|test)_api_[A-Za-z0-9+/=_-]{40,}"),
    ];
}
