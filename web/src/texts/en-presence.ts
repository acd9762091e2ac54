/** English texts of scanning codes and of the screen that shows them. */
export const scan = {
  title: 'Scan the code',
  lead: 'Point your camera at the code on the screen of your class.',
  open: 'Scan the code',
  startCamera: 'Start the camera',
  looking: 'Looking for the code…',
  sending: 'Sending…',
  done: 'You are recorded',
  again: 'Scan again',
  alreadyRecorded: 'Already recorded.',
  camera: 'What the camera sees',
  noCamera:
    'No camera can be used here. Type the digits on the screen, or ask your teacher to mark you.',
  textCode: 'Six digits on the screen',
  sendTextCode: 'Send the digits',
  unmarked: 'Your arrival is not recorded',
  unmarkedText: 'Your scan was noted, but it marks only the end of your stay. Ask your teacher.',
  saved: 'Saved on this phone',
  savedText:
    'You are offline. The scan is sent when the connection is back, and your teacher confirms it.',
  sentLater: 'Your saved scan was sent',
  whyLocation: 'Your position is compared with the room and not kept.',
} as const;

export const display = {
  title: 'Code of the class',
  show: 'Show code',
  marked: '{{marked}} of {{roster}} here',
  digits: 'Or type',
  withDigits: 'Show digits',
  withoutDigits: 'Hide digits',
  static: 'Static code',
  rotating: 'Rotating code',
  staticNote: 'This code stays for long and can be passed on: scans of it count as weak evidence.',
  fullScreen: 'Full screen',
  back: 'Back to the roll',
  waiting: 'The next code is on its way…',
  ended: 'Marking is closed',
  purpose: {
    entry: 'Scan with the app to be recorded',
    recheck: 'Re-check: those asked scan again',
    exit: 'Exit scan: scan before you leave',
  },
  code: 'The code to scan',
} as const;
