/** The weekly timetable from which sessions are generated. */
import { defineEntity, p } from '@mikro-orm/core';
import type { Component } from '../../domain/types.ts';
import { localDate, localTime, versioned } from './base.ts';
import { Faculty } from './people.ts';
import { CourseSection, Room } from './structure.ts';

const TimetableSlotSchema = defineEntity({
  name: 'TimetableSlot',
  indexes: [{ properties: ['courseSection'] }],
  checks: [
    { name: 'timetable_slot_weekday_check', expression: 'weekday between 1 and 7' },
    { name: 'timetable_slot_times_check', expression: 'start_time < end_time' },
    { name: 'timetable_slot_validity_check', expression: 'valid_from <= valid_to' },
  ],
  properties: {
    ...versioned,
    courseSection: () => p.manyToOne(CourseSection).ref(),
    faculty: () => p.manyToOne(Faculty).ref(),
    room: () => p.manyToOne(Room).ref(),
    weekday: p.integer(),
    startTime: localTime(),
    endTime: localTime(),
    validFrom: localDate(),
    validTo: localDate(),
    component: p.text().$type<Component>().default('L'),
    units: p.integer().default(1),
    autoGenerate: p.boolean().default(true),
    autoOpen: p.boolean().default(true),
    isActive: p.boolean().default(true),
  },
});
/** A weekly class: ISO weekday (1 Monday) and wall-clock times; valid on `validFrom`..`validTo`. */
export class TimetableSlot extends TimetableSlotSchema.class {}
TimetableSlotSchema.setClass(TimetableSlot);
