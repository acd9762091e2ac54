/** English texts of the bell and its list. */
export const notifications = {
  title: 'Notifications',
  open: 'Notifications, none unread',
  openUnread_one: 'Notifications, {{count}} unread',
  openUnread_other: 'Notifications, {{count}} unread',
  none: 'Nothing yet. News about your marks and requests appears here.',
  readAll: 'Mark all as read',
  unread: 'Unread',
  someClass: 'one of your classes',
  mark_overruled:
    'A member of the staff decided against the evidence of your presence in {{place}}.',
  marks_disagree: 'Somebody recorded another mark than you in {{place}}.',
  record_overridden: 'A record of {{place}} was overridden.',
  conflict_digest_one: '{{count}} conflict in your classes waits for a word.',
  conflict_digest_other: '{{count}} conflicts in your classes wait for a word.',
  device_code: 'A code to register your first device is on its way to your email address.',
  device_registered:
    'A device was registered for you. If that was not you, end it and change your password.',
  device_approved: 'Your new device was approved.',
  device_pending: "A student's new device waits for your approval.",
  headcount_excess: 'Head count in {{place}}: {{marked}} are marked, {{heads}} were seen.',
  headcount_short: 'Head count in {{place}}: {{heads}} were seen, {{marked}} are marked.',
  recheck_asked: 'You were asked to scan again in {{place}} until {{time}}.',
  recheck_missed_one: 'One student did not scan again in the re-check of {{place}}.',
  recheck_missed_other: '{{count}} students did not scan again in the re-check of {{place}}.',
  device_shared: 'One phone was used for two students in {{place}}: {{names}}. Ask them.',
  case_decided: {
    leave: 'Your leave application has an answer: {{status}}.',
    correction: 'Your correction request has an answer: {{status}}.',
    unlock: 'Your request to unlock a register has an answer: {{status}}.',
    self_entry: 'Your self-entry has an answer: {{status}}.',
  },
} as const;
