// SPDX-License-Identifier: MIT
// What a proxy client counts.

/** What a client of proxies has counted. */
export class ProxyCounters {
  requests = 0
  /** Requests without an answer, or with one that broke off. */
  unanswered = 0
  /** Answers with another status than 200. */
  refused = 0
  checks = 0
  /** The client went over to another proxy. */
  switches = 0
  streamsOpened = 0
  /** Streams that ended though they were wanted. */
  streamsLost = 0
  /** Lines that were no values. */
  malformed = 0
  /** Values that a proxy did not mention any more, and that were confirmed to be gone. */
  vanished = 0
  putsRenewed = 0
  subscriptions = 0
  notifications = 0
  /** Notifications for others, for earlier sessions, or about nothing that is known. */
  notificationsIgnored = 0
}
