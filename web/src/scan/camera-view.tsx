/** The camera's picture, searched for a code a few times a second. */
import { decodeQR } from 'qr/decode.js';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';

interface CameraViewProps {
  /** Called with the text of each code that is seen. */
  readonly onCode: (text: string) => void;
  /** No camera can be used: none there, none allowed. */
  readonly onFailure: () => void;
}

const LOOK_EVERY_MS = 150;
/** Enough for a code that fills a quarter of the picture, and quick on an old phone. */
const WIDTH_MAX = 800;

/** The picture; the camera is released when it leaves the screen. */
export function CameraView({ onCode, onFailure }: CameraViewProps) {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  const handlers = useRef({ onCode, onFailure });
  useEffect(() => {
    handlers.current = { onCode, onFailure };
  });
  useEffect(() => {
    let stream: MediaStream | null = null;
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const canvas = document.createElement('canvas');
    const look = (): void => {
      if (isOver || !video.current) return;
      const text = codeIn(video.current, canvas);
      if (text !== null) handlers.current.onCode(text);
      timer = setTimeout(look, LOOK_EVERY_MS);
    };
    const start = async (): Promise<void> => {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: 'environment', width: { ideal: 1280 } },
        audio: false,
      });
      if (isOver || !video.current) {
        stopAll(stream);
        return;
      }
      video.current.srcObject = stream;
      await video.current.play();
      look();
    };
    start().catch(() => {
      if (!isOver) handlers.current.onFailure();
    });
    return () => {
      isOver = true;
      clearTimeout(timer);
      stopAll(stream);
    };
  }, []);
  return (
    <video ref={video} className="scan-picture" muted playsInline aria-label={t('scan.camera')} />
  );
}

function stopAll(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** The text of a code in the picture of now, or null. */
function codeIn(video: HTMLVideoElement, canvas: HTMLCanvasElement): string | null {
  const { videoWidth, videoHeight } = video;
  if (videoWidth === 0) return null;
  const scale = Math.min(1, WIDTH_MAX / videoWidth);
  canvas.width = Math.round(videoWidth * scale);
  canvas.height = Math.round(videoHeight * scale);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) return null;
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  try {
    return decodeQR(context.getImageData(0, 0, canvas.width, canvas.height));
  } catch {
    // No code in this picture; the next one comes soon.
    return null;
  }
}
