/** English texts of the checks of a running class, for its staff and for the students asked. */
export const presenceChecks = {
  title: 'Presence checks',
  heads: 'Head count',
  headsLead: 'Count the people in the room. It changes no mark.',
  headsField: 'Heads you see',
  headsWrong: 'Enter a whole number from 0 to 5000.',
  compare: 'Compare',
  outcome: {
    ok: 'It fits: {{heads}} seen, {{marked}} marked.',
    headcount_excess_one:
      '{{count}} more is marked than was seen: {{marked}} marked, {{heads}} seen.',
    headcount_excess_other:
      '{{count}} more are marked than were seen: {{marked}} marked, {{heads}} seen.',
    headcount_short_one:
      '{{count}} more was seen than is marked: {{heads}} seen, {{marked}} marked.',
    headcount_short_other:
      '{{count}} more were seen than are marked: {{heads}} seen, {{marked}} marked.',
  },
  tolerance: 'A difference of {{count}} is taken as a miscount.',
  excessHint: 'Look at the flagged students first.',
  shortHint: 'Who is missing from the list?',
  flaggedFirst: 'List flagged first',
  showUnmarked: 'Show who has no mark',
  showAbsent: 'Show who is absent',
  summary: {
    ok: 'Last count fits',
    headcount_excess: 'More marked than seen',
    headcount_short: 'More seen than marked',
  },
  history: 'Counts so far',
  historyRow: '{{heads}} seen, {{marked}} marked',
  historyBy: '{{name}}, {{time}}',
  you: 'you',
  recheck: 'Re-check',
  recheckLead:
    'Asks a few students by lot, and everyone flagged, to scan again within three minutes.',
  recheckPlanned: 'One begins by itself at a moment drawn by lot. You can start it now instead.',
  recheckNeedsOpen: 'It needs an open class.',
  recheckOnce: 'A class has one.',
  start: 'Start a re-check',
  askStart: 'Start the re-check now?',
  askStartText:
    'Those drawn are told in their dashboard, and the screen of the room says so, too. They have three minutes to scan again. A class has one re-check.',
  confirmStart: 'Start',
  passed: '{{passed}} of {{picked}} scanned again',
  over: 'Its time is over. The result follows within a minute.',
  allPassed_one: 'The one student asked scanned again.',
  allPassed_other: 'All {{count}} students asked scanned again.',
  missed_one: '{{count}} of {{picked}} did not scan again and is flagged.',
  missed_other: '{{count}} of {{picked}} did not scan again and are flagged.',
  missedHint: 'A miss makes nobody absent. You decide.',
  cancelled:
    'It was called off. The class closed before its time was over, or nobody had scanned. It counts against nobody.',
  exit: 'Exit scan',
  exitLead: 'Students scan once more before they leave, so that the time they stayed counts.',
  exitNone: 'The time stayed does not count in this class, so it has no exit scan.',
  exitFrom: 'It can start in the last 15 minutes, from {{time}}.',
  exitRunning: 'Running since {{time}}. The screen shows its codes.',
  exitNeedsOpen: 'It needs an open class.',
  exitStart: 'Start the exit scan',
} as const;

export const recheck = {
  ask: 'Scan again in {{place}}',
  why: 'You were drawn to confirm that you are here. Use the phone you scanned with.',
  left: 'Time left:',
  open: 'Open the scanner',
  confirm: 'Scan again to confirm',
  again: 'That code was from before. Wait for it to change, then scan the new one.',
  confirmed: 'Confirmed: you are here',
} as const;

/** Why a record is flagged, in a word or two. */
export const flag = {
  presence_flagged: 'Weak scan',
  recheck_missed: 'Missed re-check',
  shared_device: 'Shared phone',
  static_code: 'Static code',
  foreign_device: 'Other phone',
} as const;
