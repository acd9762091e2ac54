/** A camera for Chromium that films a rendered code: an uncompressed video file it plays for ever. */
import { writeFileSync } from 'node:fs';
import { create } from 'qrcode';

const WIDTH = 640;
const HEIGHT = 480;
/** Pixels of a module; the code and its margin fill two thirds of the picture's height. */
const MODULE = 8;
const FRAMES = 10;

/** The flags that give Chromium this camera, allowed without asking. */
export function cameraFlags(file: string): string[] {
  return [
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-video-capture=${file}`,
  ];
}

/** Writes what the camera films: the code of a text on a grey wall. */
export function filmCode(file: string, text: string): void {
  film(file, grey(), (luma) => drawCode(luma, text));
}

/** Writes a camera that films a wall. */
export function filmWall(file: string): void {
  film(file, grey(), () => undefined);
}

const grey = (): Buffer => Buffer.alloc(WIDTH * HEIGHT, 150);

function film(file: string, luma: Buffer, draw: (luma: Buffer) => void): void {
  draw(luma);
  const colour = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  const frame = Buffer.concat([Buffer.from('FRAME\n'), luma, colour]);
  const header = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420\n`);
  writeFileSync(file, Buffer.concat([header, ...Array.from({ length: FRAMES }, () => frame)]));
}

function drawCode(luma: Buffer, text: string): void {
  const { modules } = create(text, { errorCorrectionLevel: 'M' });
  const margin = 4;
  const side = (modules.size + 2 * margin) * MODULE;
  const [left, top] = [(WIDTH - side) >> 1, (HEIGHT - side) >> 1];
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      const [row, column] = [Math.floor(y / MODULE) - margin, Math.floor(x / MODULE) - margin];
      const isInside = row >= 0 && column >= 0 && row < modules.size && column < modules.size;
      const isDark = isInside && modules.get(row, column) === 1;
      luma[(top + y) * WIDTH + left + x] = isDark ? 20 : 235;
    }
  }
}
