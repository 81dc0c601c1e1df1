"""Every conversation by its permanent name."""

from __future__ import annotations

from flows import about, changes, follow, links, menu, notices, officials, publishing, rate, read, subscribe
from flows.engine import Flow

FLOWS: dict[str, Flow] = {
    flow.__name__: flow
    for flow in (
        menu.menu,
        menu.help,
        menu.language,
        menu.language_set,
        menu.privacy,
        menu.erase,
        menu.erased,
        menu.sorry,
        rate.rate,
        rate.nothing,
        rate.thanks,
        rate.correct,
        rate.noted,
        about.about,
        about.described,
        subscribe.join,
        subscribe.joined,
        subscribe.leave,
        subscribe.left,
        notices.announce,
        notices.announced,
        notices.not_allowed,
        notices.not_possible,
        changes.meetings,
        changes.change,
        changes.changed,
        follow.follow,
        follow.followed,
        follow.unfollow,
        follow.unfollowed,
        officials.welcomed,
        officials.invite,
        officials.invitation,
        read.read,
        read.ask,
        read.not_found,
        read.wished,
        read.read_on,
        publishing.publish,
        publishing.template,
        publishing.handed_in,
        publishing.drafted,
        publishing.published,
        publishing.not_yours,
        links.link,
        links.link_code,
        links.linked,
        links.told,
        links.unlink,
        links.unlinked,
    )
}
