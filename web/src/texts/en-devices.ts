/** English texts of registered devices, for their owners and for those who approve them. */
export const devices = {
  title: 'My devices',
  lead: 'The phone or browser that records your attendance. You have one at a time.',
  thisBrowser: 'This browser',
  otherDevice: 'Another device',
  isRegistered: 'It is registered and can scan codes.',
  isPending:
    'It is registered and can scan codes. Until {{time}} its scans are marked as from a new device, unless your mentor or teacher approves it first.',
  list: 'Your devices',
  strength: {
    hardware: 'Key in the hardware of the phone',
    webauthn: 'Passkey',
    software: 'Key kept by the browser',
  },
  status: { active: 'Active', pending: 'Pending', revoked: 'Ended' },
  since: 'Since {{time}}',
  pendingUntil: 'pending until {{time}}',
  ended: 'From {{from}} to {{to}}',
  end: 'End',
  endThis: 'End this browser',
  endOther: 'End the device registered {{time}}',
  endTitle: 'End this device?',
  endText:
    'It records nothing from now on. The next device you register is pending for a day and counts as a change; two changes in 120 days are allowed.',
  endNow: 'End the device',
  endedNow: 'The device was ended',

  registerTitle: 'This phone is not registered yet',
  registerText:
    'A phone is registered once, for you alone. It marks nobody else, and replacing it takes a day.',
  laterText:
    'You had another device. For a day your scans from this phone are marked as from a new device, until your mentor or teacher approves it. Two changes in 120 days are allowed.',
  register: 'Register this phone',
  registered: 'This phone is registered',
  registeredPending: 'This phone is registered and pending until {{time}}',
  keepText:
    'Do not register in a private tab, and do not clear the data of this site: either would end the registration, and the next one counts as a change.',
  replaceTitle: 'Another phone is registered for you',
  replaceText:
    'If this phone replaces it, the other one stops at once. For a day your scans from this phone are marked as from a new device, until your mentor or teacher approves it. Two changes in 120 days are allowed.',
  replace: 'Replace it by this phone',
  codeTitle: 'Confirm that it is you',
  codeText:
    'Your first phone needs a code of six digits, sent to the email address of your account.',
  sendCode: 'Send me a code',
  sendAnotherCode: 'Send another code',
  codeSent: 'A code is on its way to {{address}}. It is good until {{time}}, on this phone.',
  codeIsOver: 'This code is good no longer. Have another one sent.',
  code: 'Code from the email',
  signInTitle: 'Sign in again',
  signInText: 'Changing your phone needs your password once more.',
  password: 'Password',
  confirm: 'Continue',

  staff: {
    lead: 'The phone or browser that proves that marks you send later are yours. You have one at a time.',
    isRegistered: 'It is registered for you.',
    isPending: 'It is registered for you, and counts as a new device until {{time}}.',
    registerText: 'A phone is registered once, for you alone. Replacing it takes a day.',
    laterText:
      'You had another device. This one counts as a new device for a day. Two changes in 120 days are allowed.',
    replaceText:
      'If this phone replaces it, the other one stops at once. This one counts as a new device for a day. Two changes in 120 days are allowed.',
  },

  tab: 'New devices',
  tabWaiting_one: 'New devices, {{count}} waiting',
  tabWaiting_other: 'New devices, {{count}} waiting',
  approvalsText:
    'Students who registered another phone within 120 days. Approve one that is pending after seeing the student with it; by itself it becomes active after a day.',
  onlyPending: 'Only pending ones',
  approvalsList: 'New devices of students',
  approvalsNone: 'No new devices',
  approvalsNoneText: 'A student who replaces a phone appears here.',
  noPending: 'No new device waits',
  noPendingText: 'Every later device of the last 120 days is active or ended.',
  registeredAt: 'Registered {{time}}',
  replaces: 'Replaces one used from {{from}} to {{to}}',
  followsEnded: 'Follows one used from {{from}} to {{to}}',
  changes_one: '{{count}} change in 120 days',
  changes_other: '{{count}} changes in 120 days',
  limitReached: 'Limit reached',
  approve: 'Approve',
  approveFor: 'Approve the device of {{name}}',
  approved: 'The device was approved',
  clear: 'Allow another change',
  clearFor: 'Allow {{name}} another change',
  clearTitle: 'Allow another change of phone?',
  clearText:
    '{{name}} changed phones as often as is allowed in 120 days. Allowing another keeps the earlier changes on record.',
  reason: 'Reason',
  reasonHint: 'Kept in the audit trail.',
  reasonRequired: 'Say why.',
  cleared: 'Another change is allowed',
} as const;
