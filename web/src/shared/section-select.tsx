/** Picks one of the sections the reader teaches or oversees. */
import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { queryKeys } from '../api/query-keys.ts';
import { readSections } from '../api/sessions.ts';
import type { Section } from '../api/types.ts';
import { useApp } from '../app-context.ts';

/** The sections the reader may see. */
export function useSections(isWanted = true) {
  const { api } = useApp();
  return useQuery({
    queryKey: queryKeys.sections,
    queryFn: ({ signal }) => readSections(api, signal),
    staleTime: 10 * 60_000,
    enabled: isWanted,
  });
}

/** How a section is named in lists. */
export const sectionLabel = (section: Pick<Section, 'course' | 'section_name'>): string =>
  `${section.course.code} ${section.course.name} · ${section.section_name}`;

interface SectionSelectProps {
  readonly value: string | null;
  readonly onChange: (id: string | null) => void;
  readonly label: string;
  readonly placeholder?: string;
  readonly clearable?: boolean;
  readonly error?: string | undefined;
  readonly required?: boolean;
}

/** A searchable list of sections. */
export function SectionSelect({ error, ...props }: SectionSelectProps) {
  const { data, isPending } = useSections();
  return (
    <Select
      {...props}
      error={error}
      searchable
      disabled={isPending}
      data={(data ?? []).map((section) => ({ value: section.id, label: sectionLabel(section) }))}
      maxDropdownHeight={320}
      comboboxProps={{ shadow: 'md' }}
    />
  );
}
