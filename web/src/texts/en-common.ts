/** English texts that several screens share. */
export const common = {
  appName: 'CampsHub360',
  productName: 'Attendance',
  cancel: 'Cancel',
  close: 'Close',
  save: 'Save',
  send: 'Send',
  retry: 'Try again',
  reload: 'Reload the page',
  back: 'Back',
  all: 'All',
  none: 'None',
  search: 'Search',
  clear: 'Clear',
  reason: 'Reason',
  reasonHint: 'Kept with the change, for anyone who reviews it later.',
  optional: 'optional',
  loading: 'Loading…',
  today: 'Today',
  yesterday: 'Yesterday',
  tomorrow: 'Tomorrow',
  minutesShort: '{{count}} min',
  timeLeft: 'Time left',
  page: 'Page {{page}}',
  more: 'Show more',
  details: 'Details',
  section: 'Section {{name}}',
  studentsCount_one: '{{count}} student',
  studentsCount_other: '{{count}} students',
} as const;

export const mark = {
  present: 'Present',
  late: 'Late',
  absent: 'Absent',
  excused: 'Excused',
  unmarked: 'Unmarked',
  notRecorded: 'Not recorded',
} as const;

export const markLetter = { present: 'P', late: 'L', absent: 'A' } as const;

export const source = {
  manual: 'Roll call',
  qr: 'QR scan',
  biometric: 'Biometric terminal',
  card: 'Card',
  self: 'Self entry',
  leave: 'Approved leave',
  correction: 'Correction',
  system: 'Closed by the system',
  unknown: 'Recorded',
} as const;

/** Why staff marked a student who did not scan. */
export const fallback = {
  no_phone: 'No phone',
  flat_battery: 'Flat battery',
  no_camera: 'No camera',
  shared_phone: 'Shared phone',
  id_card: 'Identity card seen',
  other: 'Another reason',
} as const;

export const component = { L: 'Lecture', T: 'Tutorial', P: 'Practical' } as const;

export const excuse = {
  medical: 'Medical',
  on_duty: 'On duty',
  sport: 'Sport',
  ncc: 'NCC',
  nss: 'NSS',
  maternity: 'Maternity',
  personal: 'Personal',
  exam: 'Examination',
  other: 'Other',
} as const;

export const caseStatus = {
  pending: 'Waiting',
  approved: 'Approved',
  rejected: 'Rejected',
  withdrawn: 'Withdrawn',
  expired: 'Expired',
} as const;

export const verdict = {
  eligible: 'Eligible',
  provisional: 'Provisional',
  condonable: 'Condonable',
  not_eligible: 'Not eligible',
  insufficient_data: 'Insufficient data',
} as const;

export const problem = {
  title: 'That did not work',
  unexpected: 'Something went wrong on this page.',
  unexpectedHint: 'Your data is safe. Reload the page; if it happens again, tell the help desk.',
  noAnswer: 'The server cannot be reached. Check your connection.',
  serverDown: 'The server is not available at the moment. Please try again in a minute.',
  reference: 'Reference {{id}}',
  notOpen: 'Marking opens {{time}}.',
  outsideWindow: 'This class takes marks from {{from}} to {{to}}.',
  ownEntries: 'Entries of your own are taken from {{from}} to {{to}}. Ask your teacher.',
  final: 'This class has been final since {{time}}. Ask for a correction to change a record.',
  correctionsUntil:
    'Corrections of this class could be asked for until {{time}}. An administrator may still file one.',
  loadFailed: 'This could not be loaded',
  notFound: 'Nothing is at this address',
  notFoundHint: 'The page may have moved, or the link is incomplete.',
  notAllowed: 'This page is not for your role',
  notAllowedHint: 'Choose a page from the navigation.',
  goHome: 'Go to today’s sessions',
} as const;
