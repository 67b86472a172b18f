// Attacks by sockets: to listeners of the host by path, by abstract name and by address, and to the kernel.
#include "attack.h"
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/un.h>

static int reach(int family, const void *address, socklen_t length)
{
    int s = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0) return errno;
    TRY(connect(s, address, length));
    return WORKED;
}

static int unix_path(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strncpy(a.sun_path, path, sizeof a.sun_path - 1);
    return reach(AF_UNIX, &a, sizeof a);
}

static int workspace_socket(void) { return unix_path(in(setting("WORKSPACE"), "socket")); }
static int host_socket(void) { return unix_path(setting("SOCKET")); }

static int abstract_socket(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    const char *name = setting("ABSTRACT");
    strncpy(a.sun_path + 1, name, sizeof a.sun_path - 2);
    return reach(AF_UNIX, &a, offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

static int loopback(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(setting("PORT"))), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return reach(AF_INET, &a, sizeof a);
}

static int link_count(void)
{
    int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (s < 0) return -errno;
    struct { struct nlmsghdr head; struct rtgenmsg what; } ask = {{sizeof ask, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}, {AF_UNSPEC}};
    if (send(s, &ask, sizeof ask, 0) < 0) return -errno;
    static char text[65536];
    int links = 0;
    for (;;) {
        int length = recv(s, text, sizeof text, 0);
        if (length <= 0) return links;
        for (struct nlmsghdr *h = (void *)text; NLMSG_OK(h, (unsigned)length); h = NLMSG_NEXT(h, length)) {
            if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR) return links;
            links++;
        }
    }
}

static int netlink_links(void) { int links = link_count(); return links < 0 ? -links : links > 1 ? WORKED : NOTHING; }
static int netlink_sockets(void) { int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 4 /* every socket of the namespace */); return s < 0 ? errno : WORKED; }
static int netlink_events(void) { int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT); return s < 0 ? errno : WORKED; }
static int packets(void) { int s = socket(17 /* packet */, SOCK_RAW | SOCK_CLOEXEC, 0); return s < 0 ? errno : WORKED; }
static int raw_socket(void) { int s = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP); return s < 0 ? errno : WORKED; }

const struct attack socket_attacks[] = {
    {"workspace-socket", workspace_socket}, {"host-socket", host_socket}, {"abstract-socket", abstract_socket}, {"loopback", loopback},
    {"netlink-links", netlink_links}, {"netlink-sockets", netlink_sockets}, {"netlink-events", netlink_events}, {"packet-socket", packets}, {"raw-socket", raw_socket},
    {0},
};
