// SPDX-License-Identifier: MIT
// Notifications as the items of a request to a gorush gateway, in the forms of both versions of
// upstream: that of 4.3 is for current gateways, which take Android's settings in an object.

import type { JsonOutput } from '../../protocol/json-text.ts'
import type { Platform } from '../store/records.ts'
import { isUrgent, type Notification, notificationData, type PushFormat } from './notification.ts'

/** For how long push services keep a notification for a device that is off. */
export const TIME_TO_LIVE_S = 86_400

const ANDROID = 2
const IOS = 1

/** `now` in ms since the epoch. */
export function gatewayItem(
  notification: Notification,
  format: PushFormat,
  now: number,
): JsonOutput {
  const { target, event } = notification
  const data = notificationData(notification, format)
  const priority = isUrgent(event) ? 'high' : 'normal'
  const tokens = [target.token]
  if (target.platform === 'android') {
    const common = { platform: ANDROID, tokens }
    return format === '2.4'
      ? { data, ...common, priority, time_to_live: TIME_TO_LIVE_S }
      : { android: { priority, ttl: `${TIME_TO_LIVE_S}s` }, data, ...common }
  }
  // Renewals are alerts in 4.3: iOS drops background notifications of applications not in use.
  const isAlert = priority === 'high' || (event.kind === 'renewal' && format !== '2.4')
  const expiration = Math.floor(now / 1000) + TIME_TO_LIVE_S
  const topic = target.topic === '' ? {} : { topic: target.topic }
  if (!isAlert) {
    const background = { content_available: true, data, expiration, platform: IOS, priority }
    return { ...background, push_type: 'background', tokens, ...topic }
  }
  const alert = { alert: { title: 'hello' }, data, expiration, mutable_content: true }
  return { ...alert, platform: IOS, priority: 'high', push_type: 'alert', tokens, ...topic }
}

/** The others are endpoints, which are sent to directly. */
export function goesThroughGateway(platform: Platform): boolean {
  return platform === 'android' || platform === 'ios' || platform === 'none'
}
