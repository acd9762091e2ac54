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
  device_code: 'A code to register your first device was sent to your email address.',
  device_registered:
    'A device was registered for you. If that was not you, end it and change your password.',
  device_approved: 'Your new device was approved.',
  device_pending: "A student's new device waits for your approval.",
  case_decided: {
    leave: 'Your leave application has an answer: {{status}}.',
    correction: 'Your correction request has an answer: {{status}}.',
    unlock: 'Your request to unlock a register has an answer: {{status}}.',
    self_entry: 'Your self-entry has an answer: {{status}}.',
  },
} as const;
