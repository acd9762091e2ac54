/** Says where a room is: its middle with a radius, or an outline. */
import {
  Alert,
  Button,
  Group,
  Modal,
  NumberInput,
  SimpleGrid,
  Stack,
  Text,
  Textarea,
} from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconAlertTriangle, IconCurrentLocation } from '@tabler/icons-react';
import { useState, type ClipboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { forgetPlace, setPlace, type Place, type PlacedRoom } from '../api/presence-setup.ts';
import { ApiProblem, fieldMessages } from '../api/problem.ts';
import { queryKeys } from '../api/query-keys.ts';
import { useApp } from '../app-context.ts';
import { FormFailure } from '../shared/form-failure.tsx';
import { notifyDone } from '../shared/notify.ts';
import { lineOfCorner, readOutline, readPoint, showOutline } from './outline.ts';
import { useOwnPosition } from './use-own-position.ts';

const ROOM_RADIUS_M = 60;
const BUILDING_RADIUS_M = 120;

interface PlaceDialogProps {
  readonly room: PlacedRoom;
  readonly campus: string;
  readonly onClose: () => void;
}

/** The dialog; its fields start with the place as it is. */
export function PlaceDialog({ room, campus, onClose }: PlaceDialogProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('presenceSetup.dialogTitle', { room: room.code })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <PlaceForm room={room} campus={campus} onClose={onClose} />
    </Modal>
  );
}

/** A number field holds a text while it is being typed. */
type Typed = number | string;

interface Fields {
  readonly lat: Typed;
  readonly lng: Typed;
  readonly radius: Typed;
  readonly outline: string;
}

function PlaceForm({ room, campus, onClose }: PlaceDialogProps) {
  const { t } = useTranslation();
  const [fields, setFields] = useState<Fields>({
    lat: room.place?.lat ?? '',
    lng: room.place?.lng ?? '',
    radius: room.place?.radius_m ?? ROOM_RADIUS_M,
    outline: showOutline(room.place?.polygon ?? null),
  });
  const [isTried, setIsTried] = useState(false);
  const { save, forget } = usePlaceCommands(room, campus, onClose);
  const placeText = usePlaceText();
  const change = (some: Partial<Fields>): void => {
    setFields((now) => ({ ...now, ...some }));
    // What was refused is not what the fields say any more.
    save.reset();
  };
  const own = useOwnPosition(({ lat, lng }) => change({ lat, lng }));
  const messages = fieldMessages(save.error);
  const outline = useOutlineError(fields.outline, messages);
  const place = placeIn(fields);
  const submit = (): void => {
    setIsTried(true);
    if (place !== null) save.mutate(place);
  };
  const missing = (value: Typed): string | undefined =>
    isTried && typeof value !== 'number' ? t('presenceSetup.number') : undefined;
  const paste = (event: ClipboardEvent): void => {
    const point = readPoint(event.clipboardData.getData('text'));
    if (!point) return;
    event.preventDefault();
    change(point);
  };
  const failure = save.error ?? forget.error;
  const isStale = failure instanceof ApiProblem && failure.code === 'stale';
  return (
    <Stack>
      {isStale ? (
        <Alert color="yellow" variant="light" icon={<IconAlertTriangle aria-hidden />} role="alert">
          {t('presenceSetup.placeChanged', { place: placeText(room.place) })}
        </Alert>
      ) : (
        <FormFailure error={failure} />
      )}
      <SimpleGrid cols={2} spacing="sm">
        <DegreesField
          label={t('presenceSetup.latitude')}
          value={fields.lat}
          onChange={(lat) => change({ lat })}
          onPaste={paste}
          error={missing(fields.lat) ?? messages['lat']}
        />
        <DegreesField
          label={t('presenceSetup.longitude')}
          value={fields.lng}
          onChange={(lng) => change({ lng })}
          onPaste={paste}
          error={missing(fields.lng) ?? messages['lng']}
        />
      </SimpleGrid>
      <Text size="xs" c="dimmed" mt={-8}>
        {t('presenceSetup.pasteHint')}
      </Text>
      <OwnPosition own={own} />
      <NumberInput
        label={t('presenceSetup.radius')}
        description={t('presenceSetup.radiusHint')}
        value={fields.radius}
        onChange={(radius) => change({ radius })}
        step={10}
        allowDecimal={false}
        error={missing(fields.radius) ?? messages['radius_m']}
      />
      <Group gap="xs" mt={-8}>
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => change({ radius: ROOM_RADIUS_M })}
        >
          {t('presenceSetup.roomRadius')}
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => change({ radius: BUILDING_RADIUS_M })}
        >
          {t('presenceSetup.buildingRadius')}
        </Button>
      </Group>
      <Textarea
        label={t('presenceSetup.outline')}
        description={t('presenceSetup.outlineHint')}
        placeholder={t('common.optional')}
        autosize
        minRows={2}
        maxRows={8}
        value={fields.outline}
        onChange={(event) => change({ outline: event.currentTarget.value })}
        error={isTried ? outline : undefined}
      />
      <Group justify="space-between" gap="sm">
        {room.place === null ? <span /> : <ForgetButton forget={forget} />}
        <Group gap="sm">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button onClick={submit} loading={save.isPending}>
            {t('common.save')}
          </Button>
        </Group>
      </Group>
    </Stack>
  );
}

/** A place in words. */
export function usePlaceText(): (place: Place | null) => string {
  const { t } = useTranslation();
  return (place) => {
    if (place === null) return t('presenceSetup.noPlace');
    const { lat, lng, radius_m: radius, polygon } = place;
    const point = { lat: lat.toFixed(6), lng: lng.toFixed(6) };
    return polygon === null
      ? t('presenceSetup.circle', { ...point, radius })
      : t('presenceSetup.outlined', { ...point, corners: polygon.length });
  };
}

/** The place the fields say; null where one of them says none. */
function placeIn({ lat, lng, radius, outline }: Fields): Place | null {
  const read = readOutline(outline);
  const areNumbers = [lat, lng, radius].every((value) => typeof value === 'number');
  if (!areNumbers || !('points' in read) || (read.points?.length ?? 3) < 3) return null;
  return { lat: Number(lat), lng: Number(lng), radius_m: Number(radius), polygon: read.points };
}

/** What is wrong with the outline, by the line it is in. */
function useOutlineError(
  text: string,
  messages: Readonly<Record<string, string>>,
): string | undefined {
  const { t } = useTranslation();
  const read = readOutline(text);
  if ('badLine' in read) return t('presenceSetup.outlineLine', { line: read.badLine });
  if (read.points !== null && read.points.length < 3) return t('presenceSetup.outlineShort');
  const refused = Object.entries(messages).find(([path]) => path.startsWith('polygon'));
  if (!refused) return undefined;
  const [path, detail] = refused;
  const corner = path.split('.')[1];
  if (corner === undefined) return detail;
  return t('presenceSetup.corner', { line: lineOfCorner(text, Number(corner)), detail });
}

function usePlaceCommands(room: PlacedRoom, campus: string, onClose: () => void) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queryClient = useQueryClient();
  // Also after a refusal: somebody else may have changed it.
  const onSettled = () =>
    queryClient.invalidateQueries({ queryKey: queryKeys.placedRooms(campus) });
  const save = useMutation({
    mutationFn: (place: Place) => setPlace(api, room.id, room.version, place),
    onSuccess: () => {
      notifyDone(t('presenceSetup.placeSaved', { room: room.code }));
      onClose();
    },
    onSettled,
  });
  const forget = useMutation({
    mutationFn: () => forgetPlace(api, room.id, room.version),
    onSuccess: () => {
      notifyDone(t('presenceSetup.placeForgotten', { room: room.code }));
      onClose();
    },
    onSettled,
  });
  return { save, forget };
}

interface DegreesFieldProps {
  readonly label: string;
  readonly value: Typed;
  readonly onChange: (value: Typed) => void;
  readonly onPaste: (event: ClipboardEvent) => void;
  readonly error: string | undefined;
}

function DegreesField({ onPaste, ...props }: DegreesFieldProps) {
  return (
    <NumberInput
      {...props}
      required
      hideControls
      decimalScale={8}
      onPasteCapture={onPaste}
      className="numbers"
    />
  );
}

function OwnPosition({ own }: { readonly own: ReturnType<typeof useOwnPosition> }) {
  const { t } = useTranslation();
  const { state, accuracyM } = own;
  return (
    <div>
      <Button
        variant="light"
        size="xs"
        leftSection={<IconCurrentLocation size={15} aria-hidden />}
        loading={state === 'looking'}
        onClick={own.find}
      >
        {t('presenceSetup.position')}
      </Button>
      <Text size="xs" c={state === 'failed' ? 'red' : 'dimmed'} mt={4} role="status">
        {state === 'looking' ? t('presenceSetup.locating') : null}
        {state === 'failed' ? t('presenceSetup.notLocated') : null}
        {state === 'found'
          ? t(accuracyM > 50 ? 'presenceSetup.locatedRough' : 'presenceSetup.located', {
              metres: accuracyM,
            })
          : null}
      </Text>
    </div>
  );
}

function ForgetButton({
  forget,
}: {
  readonly forget: { readonly mutate: () => void; readonly isPending: boolean };
}) {
  const { t } = useTranslation();
  const [isAsked, setIsAsked] = useState(false);
  return (
    <Button
      variant={isAsked ? 'filled' : 'subtle'}
      color="red"
      loading={forget.isPending}
      onClick={() => (isAsked ? forget.mutate() : setIsAsked(true))}
    >
      {t(isAsked ? 'presenceSetup.forgetSure' : 'presenceSetup.forget')}
    </Button>
  );
}
