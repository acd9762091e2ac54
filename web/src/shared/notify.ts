/** Short messages that come and go. */
import { notifications } from '@mantine/notifications';

/** Says that something was done. */
export function notifyDone(message: string): void {
  notifications.show({ message, color: 'teal', autoClose: 3_500 });
}

/** Says that something failed and why; stays longer. */
export function notifyFailed(title: string, message: string): void {
  notifications.show({ title, message, color: 'red', autoClose: 9_000, role: 'alert' });
}

/** Says that something of interest happened elsewhere. */
export function notifyNews(message: string): void {
  notifications.show({ message, color: 'indigo', autoClose: 5_000 });
}
